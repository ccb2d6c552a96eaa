//! Completion candidates for arguments, as each shell requests them.

use std::path::Path;

use serde_json::json;
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::process::Run;
use synapse_tests::{Era, Home, Ide};

use crate::{TWIN, write};

/// Candidates for the last of `words` in fish's format, without descriptions.
fn candidates(home: &Home, words: &[&str]) -> Vec<String> {
    let line = ["--", "synapse"].iter().chain(words);
    let run = home.twin(line).env("SYNAPSE_COMPLETE", "fish");
    let output = run.output().with_code(0);
    assert_eq!(output.stderr, "");
    let lines = output.stdout.lines();
    lines
        .map(|line| line.split('\t').next().unwrap().to_owned())
        .filter(|each| !each.starts_with('-'))
        .collect()
}

#[test]
fn names_of_this_machine_are_offered() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    home.save("later", &double, &["--offline"]);
    home.run(["chat", "work", "hi"]).with_code(0);
    let call = home.history()[0]["call_id"].as_str().unwrap().to_owned();
    for (words, expected) in [
        (&["chat", ""][..], vec!["later", "work"]),
        (&["chat", "w"], vec!["work"]),
        (&["connection", "remove", "l"], vec!["later"]),
        (&["connection", "create", ""], vec![]),
        (&["usage", "--connection", "w"], vec!["work"]),
        (&["providers", "hug"], vec!["huggingface"]),
        (&["chat", "work", "--model", ""], vec![OpenAiDouble::MODEL]),
        (&["explain", "gate."], vec!["gate.network-disabled"]),
        (&["history", "show", ""], vec![&call]),
        (&["history", "list", "--client", ""], vec!["terminal"]),
        (&["ide", "install", "cur"], vec!["cursor"]),
        (&["help", "dash"], vec!["dashboard"]),
    ] {
        let mut found = candidates(&home, words);
        found.sort();
        assert_eq!(found, expected, "{words:?}");
    }
}

#[test]
fn servers_of_the_hub_are_offered() {
    let home = Home::new(TWIN);
    let words = ["hub", "add", "files", "--no-approve", "--", "true"];
    home.run(words).with_code(0);
    assert_eq!(candidates(&home, &["hub", "approve", ""]), ["files"]);
    assert_eq!(candidates(&home, &["serve", "--upstream", "f"]), ["files"]);
}

#[test]
fn references_are_offered_and_keys_are_not() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    let found = candidates(&home, &["secret", "check", ""]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("file:/"), "{found:?}");
    // A key in place of a reference makes the connection unusable, and is not offered.
    let key = format!("sk-{}", "fake0Fake1".repeat(5));
    let text = std::fs::read_to_string(home.connections()).unwrap();
    write(&home.connections(), &text.replace(&found[0], &key));
    assert_eq!(candidates(&home, &["secret", "check", ""]), [""; 0]);
}

/// Names in files and from MCP clients are foreign text.
#[test]
fn nothing_that_a_shell_would_run_is_offered() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    let text = std::fs::read_to_string(home.connections()).unwrap();
    let model = format!("\"{}\"", OpenAiDouble::MODEL);
    write(
        &home.connections(),
        &text.replace(&model, "'x$(touch pwned)'"),
    );
    assert_eq!(candidates(&home, &["chat", "work", "--model", ""]), [""; 0]);
    write(&home.connections(), &text);

    let mut ide = Ide::start(home.twin(["serve"]));
    let hostile = "e;touch pwned";
    ide.result(
        "initialize",
        json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": hostile, "version": "1"},
        }),
    );
    ide.notify("notifications/initialized", json!({}));
    let arguments = json!({"connection": "work", "prompt": "hi"});
    ide.result(
        "tools/call",
        json!({"name": "chat", "arguments": arguments}),
    );
    assert!(ide.close().status.success());
    assert_eq!(home.history()[0]["client_name"], hostile);
    let offered = candidates(&home, &["history", "--client", ""]);
    assert!(
        !offered.iter().any(|each| each.contains("touch")),
        "{offered:?}"
    );

    let file = home.write("work/a;b.json", "[]");
    home.write("work/c.json", "[]");
    let run = home
        .twin(["--", "synapse", "chat", "work", "--messages", ""])
        .env("SYNAPSE_COMPLETE", "fish")
        .within(file.parent().unwrap());
    let offered = run.output().with_code(0).stdout;
    assert!(offered.lines().any(|line| line == "c.json"), "{offered}");
    assert!(!offered.contains(';'), "{offered}");
}

#[test]
fn completing_reads_no_key_contacts_nobody_and_makes_nothing() {
    let empty = Home::new(TWIN);
    for words in [
        &["chat", ""][..],
        &["history", "show", ""],
        &["hub", "log", ""],
    ] {
        assert_eq!(candidates(&empty, words), [""; 0]);
    }
    assert_eq!(empty.files(), []);
    assert!(!empty.synapse().exists());

    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    let before = double.server().heads();
    let reference = candidates(&home, &["secret", "check", ""]).remove(0);
    let key = Path::new(reference.strip_prefix("file:").unwrap());
    // Opening it would block forever.
    std::fs::remove_file(key).unwrap();
    Run::new(Path::new("/usr/bin/mkfifo"), [key])
        .output()
        .with_code(0);
    assert_eq!(candidates(&home, &["preflight", ""]), ["work"]);
    assert_eq!(double.server().heads(), before);
}

#[test]
fn a_broken_file_offers_nothing_and_says_nothing() {
    let home = Home::new(TWIN);
    home.write(".synapse/connections.toml", "[connections");
    home.write(".synapse/ledger.db", "not a database");
    assert_eq!(candidates(&home, &["chat", ""]), [""; 0]);
    assert_eq!(candidates(&home, &["history", "show", ""]), [""; 0]);
}

/// bash's completion of a line, split the way bash splits it.
fn in_bash(home: &Home, pieces: &[&str], typed: &str) -> Vec<String> {
    let words: Vec<String> = pieces.iter().map(|piece| format!("'{piece}'")).collect();
    let script = format!(
        "source <('{TWIN}' completions bash)\n\
         complete -p synapse > /dev/null || exit 9\n\
         COMP_WORDS=({})\nCOMP_CWORD={}\n\
         _synapse_complete synapse '{typed}' x\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        words.join(" "),
        pieces.len() - 1,
    );
    let run = Run::new(Path::new("/bin/bash"), ["-c", &script]);
    let run = run.env("HOME", home.path()).env("PATH", "/usr/bin:/bin");
    let output = run.env("SYNAPSE_HOME", home.synapse()).output();
    let output = output.with_code(0);
    assert_eq!(output.stderr, "");
    output.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_a_connection() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    assert_eq!(in_bash(&home, &["synapse", "chat", "wo"], "wo"), ["work"]);
}

/// bash splits words at `:` and `=`, and replaces only the last piece.
#[test]
fn bash_completes_what_follows_a_colon() {
    let home = Home::new(TWIN);
    let words = [
        "connection",
        "create",
        "hf",
        "--provider",
        "huggingface",
        "--model",
        "org/m:novita",
        "--credential",
        "keyring:hf",
        "--offline",
    ];
    home.run(words).with_code(0);
    let check = ["synapse", "secret", "check", "keyring", ":"];
    assert_eq!(in_bash(&home, &check, ""), ["hf"]);
    let model = ["synapse", "chat", "hf", "--model", "org/m", ":", "no"];
    assert_eq!(in_bash(&home, &model, "no"), ["novita"]);
    let model = ["synapse", "chat", "hf", "--model", "=", "org/m", ":", ""];
    assert_eq!(in_bash(&home, &model, ""), ["novita"]);
}

/// The formats of shells that may not be installed here.
#[test]
fn every_shell_gets_its_own_form() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    let of = format!("openai · {}", OpenAiDouble::MODEL);
    for (shell, expected) in [
        ("bash", "work".to_owned()),
        ("zsh", format!("work:{of}")),
        ("fish", format!("work\t{of}\n")),
        ("powershell", format!("work\t{of}\n")),
        ("elvish", "work".to_owned()),
    ] {
        let run = home.twin(["--", "synapse", "chat", "wo"]);
        let run = run
            .env("SYNAPSE_COMPLETE", shell)
            .env("_CLAP_COMPLETE_INDEX", "2")
            .env("_CLAP_IFS", "\n");
        assert_eq!(run.output().with_code(0).stdout, expected, "{shell}");
    }
}

#[test]
fn a_shell_that_is_not_known_is_named_with_those_that_are() {
    let home = Home::new(TWIN);
    let run = home
        .twin(["--", "synapse", ""])
        .env("SYNAPSE_COMPLETE", "csh");
    let output = run.output().with_code(2);
    assert_eq!(output.stdout, "");
    assert!(
        output
            .stderr
            .contains("bash, elvish, fish, powershell, zsh"),
        "{output}"
    );
    let run = home.twin(["serve"]).env("SYNAPSE_COMPLETE", "fish");
    assert_eq!(
        run.output().with_code(0).stdout,
        "",
        "no words, no candidates"
    );
}

/// A client of the modern era sends its name in each request.
#[test]
fn clients_that_asked_lately_are_offered() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    let mut ide = home.serve(Era::Modern);
    ide.call("chat", json!({"connection": "work", "prompt": "hi"}));
    assert!(ide.close().status.success());
    let name = home.history()[0]["client_name"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut found = candidates(&home, &["history", "list", "--client", ""]);
    found.retain(|each| each != "terminal");
    assert_eq!(found, [name]);
}
