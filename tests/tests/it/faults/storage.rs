//! Unusable directories and files: prompts are still answered, with one warning; commands that must
//! save fail with a `storage.*` code.

use std::fs;

use serde_json::{Value, json};
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::home::set_mode;
use synapse_tests::process::Run;
use synapse_tests::{Era, Flags, Home, Ide, LocalProvider as _, Output};

use super::TWIN;

/// An answer, and one warning with that code.
fn assert_answered_with_one_warning(output: &Output, code: &str) {
    assert_eq!(output.code, 0, "{output}");
    assert_eq!(output.stdout, "Hello\n", "{output}");
    let warnings = output.stderr.matches("warning[").count();
    assert_eq!(warnings, 1, "{output}");
    let head = format!("warning[{code}]: ");
    assert!(output.stderr.contains(&head), "{output}");
    assert!(!output.stderr.contains("error["), "{output}");
}

/// Breaks the ledger of a working home, and prompts in the terminal and in an IDE.
fn prompt_without_a_ledger(
    break_it: impl FnOnce(&Home),
    code: &str,
    twin: impl Fn(&Home, &[&str]) -> Run,
) -> Home {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    break_it(&home);
    let output = twin(&home, &["chat", "work", "hello"]).output();
    assert_answered_with_one_warning(&output, code);
    let output = twin(&home, &["chat", "work", "hello", "--json"]).output();
    let document = output.with_code(0).json();
    assert_eq!(document["ok"], true);
    let warnings = document["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "{document}");
    assert_eq!(warnings[0]["code"], code);

    let mut ide = Ide::connect(twin(&home, &["serve"]), Era::Modern);
    let result = ide.call("chat", json!({"prompt": "hello"}));
    assert_ne!(result["isError"], true, "{result}");
    let blocks = result["content"].as_array().unwrap();
    assert_eq!(blocks[0], json!({"type": "text", "text": "Hello"}));
    assert_eq!(blocks.len(), 3, "{result}");
    let receipt = blocks[1]["text"].as_str().unwrap();
    assert!(receipt.ends_with(" · 1 warning"), "{receipt}");
    let told = blocks[2]["text"].as_str().unwrap();
    assert!(told.starts_with(&format!("warning[{code}]: ")), "{told}");
    let warnings = result["structuredContent"]["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "{result}");
    assert_eq!(warnings[0]["code"], code);
    let ended = ide.close();
    assert!(ended.status.success(), "{ended:?}");
    // One preflight lookup and three prompts: disk problems cause no repetition.
    assert_eq!(double.server().requests().len(), 4);
    home
}

#[test]
fn a_directory_in_the_place_of_the_ledger() {
    let make = |home: &Home| fs::create_dir(home.ledger()).unwrap();
    let home = prompt_without_a_ledger(make, "storage.unavailable", |home, words| home.twin(words));
    let history = home.run(["history"]).with_code(13);
    assert!(
        history.stderr.starts_with("error[storage.unavailable]"),
        "{history}"
    );
}

#[test]
fn a_file_that_is_no_ledger() {
    let content = b"these are my notes, not a database\n".repeat(100);
    let make = |home: &Home| drop(home.write(".synapse/ledger.db", &content));
    let home = prompt_without_a_ledger(make, "storage.corrupt", |home, words| home.twin(words));
    for command in ["history", "usage"] {
        let output = home.run([command, "--json"]).with_code(13);
        assert_eq!(output.json()["error"]["code"], "storage.corrupt");
    }
    assert_eq!(
        fs::read(home.ledger()).unwrap(),
        content,
        "it was left as it is"
    );
}

#[test]
fn a_ledger_of_a_newer_synapse() {
    let newer = tempfile::NamedTempFile::new().unwrap();
    let database = rusqlite::Connection::open(newer.path()).unwrap();
    database.pragma_update(None, "user_version", 999).unwrap();
    drop(database);
    let content = fs::read(newer.path()).unwrap();
    let make = |home: &Home| drop(home.write(".synapse/ledger.db", &content));
    let home =
        prompt_without_a_ledger(make, "storage.newer-format", |home, words| home.twin(words));
    let output = home.run(["history", "--json"]).with_code(13);
    assert_eq!(output.json()["error"]["code"], "storage.newer-format");
    assert_eq!(
        fs::read(home.ledger()).unwrap(),
        content,
        "it was left as it is"
    );
}

#[test]
fn a_directory_that_cannot_be_written() {
    let close = |home: &Home| set_mode(&home.synapse(), 0o500);
    let home = prompt_without_a_ledger(close, "storage.read-only", |home, words| {
        home.unprivileged(words)
    });
    let before = home.files();
    let create = "connection create new --provider openai --model m --credential env:KEY --offline";
    let create: Vec<&str> = create.split(' ').collect();
    for arguments in [
        &create[..],
        &["connection", "edit", "work", "--deny-network"],
        &["connection", "remove", "work"],
    ] {
        let output = home.unprivileged(arguments).output().with_code(13);
        assert!(
            output.stderr.contains("error[storage.read-only]"),
            "{output}"
        );
        assert!(!output.stdout.contains("\nsaved"), "{output}");
    }
    let history = home
        .unprivileged(["history", "--json"])
        .output()
        .with_code(0);
    assert_eq!(history.json()["entries"], json!([]));
    let doctor = home.unprivileged(["doctor"]).output();
    assert!(
        doctor.stderr.contains("warning[storage.read-only]"),
        "{doctor}"
    );
    assert_eq!(home.files(), before);
}

/// Paths at which no directory can exist, not even for root.
#[test]
fn a_home_that_is_impossible() {
    let home = Home::new(TWIN);
    let in_the_way = home.write("in-the-way", "not a directory");
    let below = in_the_way.join("synapse");
    let mut places = vec![
        in_the_way.display().to_string(),
        below.display().to_string(),
    ];
    if cfg!(target_os = "linux") {
        places.push("/proc/synapse".to_owned());
    }
    for place in places {
        let flags = Flags::new("openai", "m", "env:KEY", "http://127.0.0.1:9/v1");
        let document = home
            .creating("work", &flags, &["--offline", "--json"])
            .env("SYNAPSE_HOME", &place)
            .output()
            .with_code(13)
            .json();
        assert_eq!(document["schema"], "synapse.error/1", "{place}");
        let code = document["error"]["code"].as_str().unwrap();
        assert!(code.starts_with("storage."), "{place}: {document}");

        let mut ide = Ide::connect(
            home.twin(["serve"]).env("SYNAPSE_HOME", &place),
            Era::Legacy,
        );
        let result = ide.call("chat", json!({"prompt": "hello"}));
        assert_eq!(result["isError"], true, "{place}: {result}");
        assert_eq!(result["structuredContent"]["receipt"], Value::Null);
        assert!(ide.close().status.success(), "{place}");
    }
    assert_eq!(fs::read(in_the_way).unwrap(), b"not a directory");
}

#[test]
fn the_default_directory_is_in_the_users_home_and_private() {
    let double = OpenAiDouble::start();
    let home = Home::new(TWIN);
    let create = home.creating("work", &double.flags(&home), double.opening());
    create.without("SYNAPSE_HOME").output().with_code(0);
    let chat = home.twin(["chat", "work", "hello"]);
    chat.without("SYNAPSE_HOME").output().with_code(0);
    assert_eq!(home.history().len(), 1);
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home.synapse()), 0o700);
    for (path, _) in home.files() {
        assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
    }
}

/// A shell would create a directory named `~`, and an IDE a different one.
#[test]
fn a_home_that_is_not_absolute_is_refused_by_name() {
    let home = Home::new(TWIN);
    for given in ["~/.synapse", "synapse", "./synapse", "../synapse"] {
        for words in [
            &["connection", "list", "--json"][..],
            &["doctor", "--json"],
            &["ide", "install", "cursor", "--yes", "--json"],
        ] {
            let run = home
                .twin(words)
                .env("SYNAPSE_HOME", given)
                .within(home.path());
            let refused = run.output().with_code(13);
            assert_eq!(refused.json()["error"]["code"], "storage.unavailable");
            assert!(refused.stdout.contains(given), "{refused}");
        }
    }
    assert_eq!(home.files(), []);
}

/// It would be another directory wherever an IDE starts the server, also one in a foreign project.
#[test]
fn a_home_that_is_not_absolute_is_refused_and_named() {
    let home = Home::new(TWIN);
    for (variable, given) in [
        ("SYNAPSE_HOME", "~/.synapse"),
        ("SYNAPSE_HOME", "here"),
        ("HOME", "."),
        ("HOME", "~"),
    ] {
        let run = home.twin(["connection", "list", "--json"]);
        let run = match variable {
            "HOME" => run.env("SYNAPSE_HOME", ""),
            _ => run,
        };
        let refused = run.env(variable, given).output().with_code(13).json();
        let error = &refused["error"];
        assert_eq!(error["code"], "storage.unavailable", "{refused}");
        assert_eq!(error["context"]["variable"], variable, "{refused}");
        let causes = error["causes"].to_string();
        assert!(causes.contains(&format!("`{given}`")), "{causes}");
    }
}
