//! `synapse checklist` from a new connection to one in use, and its findings in a repository.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::process::Run;
use synapse_tests::{Era, Home, Output};

use crate::TWIN;
/// Possible locations of git; nothing else of this machine reaches the tests.
const PATH: &str = "/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin";

fn run(home: &Home, project: &Path, more: &[&str]) -> Output {
    let project = project.to_str().unwrap();
    let words = ["checklist", "work", "--project", project];
    let words = words.iter().chain(more);
    home.twin(words).env("PATH", PATH).output()
}

/// The outcomes other than `ok`, and the whole document.
fn evaluate(home: &Home, project: &Path) -> (Vec<(String, String)>, Value) {
    let output = run(home, project, &["--json"]);
    let document = output.json();
    assert_eq!(document["schema"], "synapse.checklist/1");
    assert_eq!(document["ok"], output.code == 0, "{output:?}");
    let word = |item: &Value, key: &str| item[key].as_str().unwrap().to_owned();
    let items = document["items"].as_array().unwrap();
    assert_eq!(items.len(), 9);
    let open = items
        .iter()
        .filter(|item| item["verdict"] != "ok")
        .inspect(|item| assert!(item["next"]["text"].is_string(), "{item}"))
        .map(|item| (word(item, "id"), word(item, "verdict")))
        .collect();
    (open, document)
}

/// An empty repository.
fn project(home: &Home) -> PathBuf {
    let project = home.path().join("project");
    std::fs::create_dir(&project).unwrap();
    Run::git(&project, &["init", "--quiet"])
        .output()
        .with_code(0);
    project
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs
        .map(|(id, verdict)| (id.to_owned(), verdict.to_owned()))
        .to_vec()
}

#[test]
fn a_connection_gets_from_nothing_to_an_ide_line_by_line() {
    let double = OpenAiDouble::start();
    let home = Home::closed(TWIN, &double);
    let project = project(&home);
    let (open, document) = evaluate(&home, &project);
    let expected = [
        ("scope", "warn"),
        ("gate", "missing"),
        ("preflight", "missing"),
        ("ide", "missing"),
        ("prompt", "missing"),
    ];
    assert_eq!(open, pairs(expected));
    assert_eq!(document["error"]["code"], "config.incomplete");
    assert_eq!(double.server().accepts(), 0, "a checklist sends nothing");

    // Following the advice of each line resolves it.
    home.run(["connection", "edit", "work", "--allow-network"])
        .with_code(0);
    let (open, _) = evaluate(&home, &project);
    assert_eq!(
        open,
        pairs([("scope", "warn"), ("ide", "missing"), ("prompt", "missing")])
    );
    home.run(["ide", "install", "cursor", "--yes"]).with_code(0);
    home.run(["chat", "work", "Say hello"]).with_code(0);
    let (open, _) = evaluate(&home, &project);
    assert_eq!(open, pairs([("prompt", "warn")]));
    let mut ide = home.serve(Era::Modern);
    let answered = ide.call("chat", json!({"prompt": "hi"}));
    assert_eq!(answered.get("isError"), None, "{answered}");
    // The row is completed after the reply; a server that exits cleanly has completed it.
    assert!(ide.close().status.success());
    let (open, document) = evaluate(&home, &project);
    assert_eq!((open, &document["error"]), (pairs([]), &Value::Null));
    let people = run(&home, &project, &[]);
    assert_eq!(
        (people.code, people.stdout.lines().count()),
        (0, 9),
        "{people:?}"
    );
    assert!(
        people.stdout.contains("asked by scripted-ide"),
        "{people:?}"
    );
}

#[test]
fn every_missing_line_says_what_to_do_and_the_exit_code_says_that_there_is_one() {
    let double = OpenAiDouble::start();
    let home = Home::closed(TWIN, &double);
    let output = run(&home, home.path(), &[]);
    assert_eq!(output.code, 3, "{output:?}");
    for command in [
        "synapse connection edit work --allow-network",
        "synapse ide install CLIENT",
    ] {
        assert!(output.stdout.contains(command), "{output:?}");
    }
    assert!(
        output.stderr.contains("error[config.incomplete]"),
        "{output:?}"
    );
    // Network access is off, so it would be refused.
    assert!(!output.stdout.contains("synapse chat"), "{output:?}");
    home.run(["checklist", "nope"]).with_code(3);
}

#[test]
fn a_token_in_a_tracked_file_is_found_and_not_shown() {
    let double = OpenAiDouble::start();
    let home = Home::closed(TWIN, &double);
    let project = project(&home);
    // Shaped like a token, and built here so that no file of this project contains it.
    let token = format!("sk-{}", "fake0FAKE".repeat(4));
    home.write("project/.env", format!("KEY={token}\n"));
    home.write(
        "project/notes.txt",
        "a mask-of-more-than-twenty-characters-in-all",
    );
    let secrets = |home: &Home| {
        let (_, document) = evaluate(home, &project);
        document["items"][8].clone()
    };
    assert_eq!(
        secrets(&home)["verdict"],
        "ok",
        "an untracked file is its owner's"
    );
    Run::git(&project, &["add", "."]).output().with_code(0);
    let found = secrets(&home);
    assert_eq!(found["verdict"], "missing");
    let detail = found["detail"].as_str().unwrap();
    assert!(
        detail.contains(".env") && !detail.contains("notes"),
        "{detail}"
    );
    assert!(!found.to_string().contains("FAKE"), "{found}");
}

#[test]
fn a_key_that_git_tracks_is_found_wherever_it_is() {
    let double = OpenAiDouble::start();
    let home = Home::closed(TWIN, &double);
    let elsewhere = home.path().join("project");
    std::fs::create_dir(&elsewhere).unwrap();
    Run::git(home.path(), &["init", "--quiet"])
        .output()
        .with_code(0);
    let (_, document) = evaluate(&home, &elsewhere);
    let beside = &document["items"][8];
    assert_eq!(
        beside["verdict"], "ok",
        "git does not track it yet: {beside}"
    );
    // The checklist reports the same finding as doctor.
    let key = &document["items"][1];
    assert_eq!(key["verdict"], "warn", "{key}");
    let detail = key["detail"].as_str().unwrap();
    assert!(detail.contains("git does not ignore"), "{key}");
    Run::git(home.path(), &["add", "--force", "."])
        .output()
        .with_code(0);
    let (_, document) = evaluate(&home, &elsewhere);
    let secrets = &document["items"][8];
    assert_eq!(secrets["verdict"], "missing", "{secrets}");
    assert!(
        secrets["detail"].as_str().unwrap().contains(".token"),
        "{secrets}"
    );
}

#[test]
fn a_key_that_only_reading_would_show_is_told_by_its_place() {
    let home = Home::new(TWIN);
    for (name, reference, place) in [
        ("a", "pass:synapse/openai", "password store"),
        ("b", "vault:local/openai", "local vault"),
        ("c", "env:SYNAPSE_TESTS_KEY", "environment variable"),
    ] {
        let create = ["connection", "create", name, "--provider", "openai"];
        let draft = ["--model", "m", "--credential", reference, "--offline"];
        home.run(create.into_iter().chain(draft)).with_code(0);
        let output = home.run(["checklist", name, "--json"]).with_code(3);
        let key = output.json()["items"][1].clone();
        assert_eq!(key["verdict"], "warn", "{key}");
        let detail = key["detail"].as_str().unwrap();
        assert!(detail.starts_with(reference), "{detail}");
        let told = detail.contains(place) || detail.contains("will not pass the variable");
        assert!(told, "{detail}");
    }
}

#[test]
fn a_key_that_cannot_be_used_is_missing() {
    let double = OpenAiDouble::start();
    let home = Home::closed(TWIN, &double);
    let key = |home: &Home| {
        let (_, document) = evaluate(home, home.path());
        document["items"][1].clone()
    };
    assert_eq!(key(&home)["verdict"], "ok");
    let file = home.path().join("0.token");
    synapse_tests::home::set_mode(&file, 0o644);
    assert_eq!(key(&home)["verdict"], "missing");
    std::fs::remove_file(&file).unwrap();
    let missing = key(&home);
    assert_eq!(missing["verdict"], "missing");
    assert!(
        missing["next"]["text"]
            .as_str()
            .unwrap()
            .contains("https://"),
        "{missing}"
    );
}
