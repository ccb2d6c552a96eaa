//! Follows the README from an empty home to an answer.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::Home;
use synapse_tests::process::Run;

use super::{TWIN, blocks, readme, text};

/// The command with these words in the README's `sh` blocks, on one line and without a comment.
fn command(words: &str) -> String {
    let blocks = blocks(&text(&readme()), "sh").concat().replace("\\\n", "");
    let found = blocks.lines().find(|line| line.contains(words));
    let line = found.unwrap_or_else(|| panic!("README.md has no command with `{words}`"));
    line.split("  #").next().unwrap().to_owned()
}

#[test]
fn from_a_key_to_a_receipt() {
    let double = OpenAiDouble::start();
    let home = Home::new(TWIN);
    let shell = |script: &str, input: &str| {
        let script = format!("synapse() {{ '{TWIN}' \"$@\"; }}\n{script}");
        let run = Run::new(Path::new("/bin/sh"), ["-c", &script]).env("HOME", home.path());
        let run = run.env("PATH", "/usr/bin:/bin").input(input);
        run.output().with_code(0)
    };
    let kept = shell(
        &command("secret set file:~/.synapse/openai.token"),
        &format!("{}\n", OpenAiDouble::KEY),
    );
    assert!(
        kept.stdout.starts_with("kept in the file "),
        "{}",
        kept.stdout
    );
    let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(&home.synapse().join("openai.token")), 0o600);
    assert_eq!(mode(&home.synapse()), 0o700);

    let create = command("synapse connection create work").replace("MODEL", OpenAiDouble::MODEL);
    let here = format!("{create} --base-url {}", double.base_url());
    let created = shell(&here, "").stdout;
    assert!(created.contains("\nproven: "), "{created}");
    assert!(created.contains("\nnot proven: live\n"), "{created}");

    let answered = shell(&command("synapse chat work \"What is MCP?\""), "");
    assert_eq!(answered.stdout, "Hello\n");
    let row = &home.history()[0];
    let receipt = format!(
        "{} · 1 request to {} · 14 in, 4 out tokens · cost unknown · {} ms · {}\n",
        OpenAiDouble::MODEL,
        double.server().origin().host(),
        row["latency_ms"],
        row["call_id"].as_str().unwrap(),
    );
    assert_eq!(answered.stderr, receipt);
    let sent = double.server().requests();
    assert_eq!(sent.len(), 2, "a lookup and a prompt");
    assert_eq!(sent[1].json()["messages"][0]["content"], "What is MCP?");
}

#[test]
fn the_demo_needs_nothing_and_leaves_nothing() {
    let home = Home::new(TWIN);
    let shown = home.run(["demo"]).with_code(0);
    for promise in [
        "the provider saw 0 connections",
        "1 HTTP request seen by the provider",
    ] {
        assert!(shown.stdout.contains(promise), "{shown}");
    }
    for (_, after) in shown
        .stdout
        .match_indices("://")
        .map(|(at, _)| shown.stdout.split_at(at))
    {
        assert!(after.starts_with("://127.0.0.1:"), "{after}");
    }
    assert_eq!(home.files(), []);
    assert!(!home.synapse().exists());
}

#[test]
fn the_demo_as_a_document_says_what_each_step_proved() {
    let home = Home::new(TWIN);
    let shown = home.run(["demo", "--json"]).with_code(0);
    let document = shown.json();
    assert_eq!(document["schema"], "synapse.demo/1");
    assert_eq!(document["ok"], true);
    let steps = document["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 6, "{document}");
    for step in steps {
        assert!(!step["title"].as_str().unwrap().is_empty(), "{step}");
        assert!(!step["proof"].as_str().unwrap().is_empty(), "{step}");
    }
    assert_eq!(steps[0]["proof"], "refused; the provider saw 0 connections");
    let commands = steps
        .iter()
        .flat_map(|step| step["commands"].as_array().unwrap());
    let commands: Vec<_> = commands.map(|command| command.as_str().unwrap()).collect();
    assert!(
        commands.contains(&"synapse chat demo \"Say hello\""),
        "{commands:?}"
    );
    // The output counts as progress then.
    assert!(
        shown.stderr.contains("1 HTTP request seen by the provider"),
        "{shown}"
    );
}
