//! Edits of an approved entry, one by one, and the program that an approval starts.

use serde_json::{Value, json};
use synapse_tests::{Era, Ide};

use super::{Hub, SERVER, code, text};

/// An entry with each part that a fingerprint covers.
fn entry(hub: &Hub) -> Value {
    let starts = hub.notes("one", "starts").display().to_string();
    let requests = hub.notes("one", "requests").display().to_string();
    let work = hub.home.path().join("work");
    std::fs::create_dir_all(&work).unwrap();
    json!({
        "command": SERVER,
        "args": ["--starts", starts, "--requests", requests],
        "cwd": work,
        "env": {"MODE": "slow", "PLACE": "here"},
    })
}

#[test]
fn each_edit_of_what_was_approved_is_refused_and_starts_nothing() {
    let mut hub = Hub::new().with("one", &[]);
    let base = entry(&hub);
    hub.replace("one", base.clone());
    hub.approve("one");
    let link = hub.home.path().join("another-name");
    std::os::unix::fs::symlink(SERVER, &link).unwrap();
    let (argument, swapped) = (base["args"][1].clone(), base["args"][3].clone());
    for (pointer, value) in [
        ("/command", json!(link)),
        ("/args/1", json!("elsewhere")),
        (
            "/args",
            json!(["--starts", swapped, "--requests", argument]),
        ),
        ("/args", json!(["--starts", argument])),
        ("/args/3", json!("${keyring:one}")),
        ("/cwd", json!(hub.home.synapse())),
        ("/cwd", Value::Null),
        ("/env/MODE", json!("fast")),
        ("/env/MODE", json!("${keyring:mode}")),
        ("/env/MODE", json!("${MODE:-fast}")),
        ("/env", json!({"MODE": "slow"})),
        ("/env", json!({"MODE": "slow", "PLACES": "here"})),
        (
            "/env",
            json!({"MODE": "slow", "PLACE": "here", "NODE_OPTIONS": "-r x"}),
        ),
    ] {
        let mut edited = base.clone();
        *edited.pointer_mut(pointer).unwrap() = value.clone();
        if value.is_null() {
            edited.as_object_mut().unwrap().remove("cwd");
        }
        hub.replace("one", edited);
        let refused = hub.home.run(["hub", "call", "one", "echo", "{}", "--json"]);
        let error = &refused.json()["error"]["code"];
        let expected = match value.as_str() {
            // An argument is never a secret, approved or not.
            Some("${keyring:one}") => "config.secret-in-argv",
            _ => "upstream.changed",
        };
        assert_eq!(error, expected, "{pointer} {value}: {refused}");
        let mut ide = hub.home.serve(Era::Legacy);
        assert_eq!(code(&ide.call("one__echo", json!({}))), expected);
        assert_eq!(hub.counts("one"), (0, 0), "{pointer} {value}");
    }
    hub.replace("one", json!({"url": "http://127.0.0.1:9/mcp"}));
    let refused = hub.home.run(["hub", "call", "one", "echo", "{}", "--json"]);
    assert_eq!(refused.json()["error"]["code"], "upstream.changed");
    // Settings outside of the fingerprint, and the entry as it was, count at once.
    for (member, value) in [
        ("note", json!("mine")),
        ("relay", json!(["elicitation", "roots"])),
        ("protocol", json!("legacy")),
        ("pin", json!("off")),
        ("timeouts", json!({"call": 20})),
        ("disabled", json!(false)),
    ] {
        let mut edited = base.clone();
        edited[member] = value;
        hub.replace("one", edited);
        hub.home
            .run(["hub", "call", "one", "echo", "{}"])
            .with_code(0);
    }
}

/// The path is approved, and the `PATH` that led to it: an IDE's own leads nowhere else.
#[test]
fn a_path_of_the_ide_changes_neither_the_program_nor_what_it_finds() {
    let mut hub = Hub::new().with("one", &[]);
    let (mine, theirs) = (hub.home.path().join("mine"), hub.home.path().join("theirs"));
    let mut base = entry(&hub);
    base["command"] = json!("a-server");
    hub.replace("one", base);
    std::fs::create_dir_all(&mine).unwrap();
    std::fs::create_dir_all(&theirs).unwrap();
    std::os::unix::fs::symlink(SERVER, mine.join("a-server")).unwrap();
    let path = format!("{}:/usr/bin:/bin", mine.display());
    hub.home
        .twin(["hub", "approve", "one", "--yes"])
        .env("PATH", &path)
        .output()
        .with_code(0);
    // A program of the same name that would leave a trace.
    let trace = hub.home.path().join("trace");
    let impostor = theirs.join("a-server");
    let script = format!("#!/bin/sh\necho ran > {}\n", trace.display());
    crate::write(&impostor, &script);
    synapse_tests::home::set_mode(&impostor, 0o755);
    let serve = hub.home.twin(["serve"]);
    let serve = serve.env("PATH", format!("{}:/usr/bin:/bin", theirs.display()));
    let mut ide = Ide::connect(serve, Era::Modern);
    let result = ide.call("one__env", json!({}));
    let variables: Value = serde_json::from_str(text(&result)).unwrap();
    assert_eq!(variables["PATH"], path);
    assert!(!trace.exists());
    drop(ide);
    // Without the approved program nothing takes its place.
    std::fs::remove_file(mine.join("a-server")).unwrap();
    let serve = hub.home.twin(["serve"]);
    let serve = serve.env("PATH", format!("{}:/usr/bin:/bin", theirs.display()));
    let mut ide = Ide::connect(serve, Era::Modern);
    let refused = ide.call("one__env", json!({}));
    assert_eq!(code(&refused), "upstream.start-failed", "{refused}");
    assert!(!trace.exists());
}
