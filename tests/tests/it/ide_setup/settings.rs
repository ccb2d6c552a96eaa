//! `install` keeps the user's changes to an entry, and applies and reports the requested ones.

use serde_json::{Value, json};
use synapse_tests::Home;

use crate::TWIN;

/// A home with this entry in Cursor.
fn with_entry(entry: &Value) -> Home {
    let home = Home::new(TWIN);
    let file = json!({"mcpServers": {"synapse": entry}});
    home.write(".cursor/mcp.json", file.to_string());
    home
}

fn entry_of(home: &Home) -> Value {
    let text = std::fs::read_to_string(home.path().join(".cursor/mcp.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["mcpServers"]["synapse"].clone()
}

#[test]
fn installing_again_changes_the_path_of_the_program_alone() {
    let entry = json!({
        "command": "/old/synapse",
        "args": ["serve", "--read-only", "--connection", "mine"],
        "env": {"HTTPS_PROXY": "http://127.0.0.1:9", "SYNAPSE_LOG": "info"},
        "cwd": "/tmp", "timeout": 60, "disabled": false, "autoApprove": ["usage"],
    });
    let home = with_entry(&entry);
    let installed = home.run(["ide", "install", "cursor", "--yes"]).with_code(0);
    let mut expected = entry;
    expected["command"] = json!(TWIN);
    assert_eq!(entry_of(&home), expected);
    assert!(
        installed
            .stderr
            .contains("kept as it is: --read-only --connection"),
        "{installed}"
    );
    let again = ["ide", "install", "cursor", "--yes", "--json"];
    let again = home.run(again).with_code(0).json();
    assert_eq!(again["action"], "unchanged");
}

#[test]
fn a_flag_replaces_its_own_setting_and_says_so() {
    let entry =
        json!({"command": TWIN, "args": ["serve", "--tools", "usage", "--connection=mine"]});
    let home = with_entry(&entry);
    let flags = [
        "--tools",
        "history,usage",
        "--read-only",
        "--env",
        "HTTPS_PROXY",
    ];
    let words = [&["ide", "install", "cursor"][..], &flags];
    let shown = home
        .run([&words.concat()[..], &["--dry-run"]].concat())
        .with_code(0);
    for says in [
        "--tools history,usage replaces --tools usage",
        "--read-only is added",
        "the variable HTTPS_PROXY is added",
    ] {
        assert!(shown.stderr.contains(says), "{shown}");
    }
    home.run([&words.concat()[..], &["--yes"]].concat())
        .with_code(0);
    assert_eq!(
        entry_of(&home),
        json!({
            "command": TWIN,
            "args": ["serve", "--tools", "history,usage", "--connection=mine", "--read-only"],
            "env": {"HTTPS_PROXY": "${env:HTTPS_PROXY}"},
        })
    );
}

#[test]
fn reset_makes_the_entry_anew() {
    let home =
        with_entry(&json!({"command": TWIN, "args": ["serve", "--read-only"], "cwd": "/tmp"}));
    let reset = ["ide", "install", "cursor", "--yes", "--reset"];
    home.run(reset).with_code(0);
    let home_of_synapse = home.synapse();
    assert_eq!(
        entry_of(&home),
        json!({"command": TWIN, "args": ["serve"], "env": {"SYNAPSE_HOME": home_of_synapse}})
    );
}

#[test]
fn what_serve_would_refuse_is_refused_before() {
    let home = with_entry(&json!({"command": TWIN, "args": ["serve", "--tools", "chat"]}));
    let before = entry_of(&home);
    let refused = home
        .run(["ide", "install", "cursor", "--yes", "--read-only"])
        .with_code(2);
    assert!(
        refused
            .stderr
            .contains("--read-only does not go with the tool chat"),
        "{refused}"
    );
    assert_eq!(entry_of(&home), before);
    for wrong in ["HTTPS_PROXY=http://a", "1", ""] {
        let words = ["ide", "install", "cursor", "--yes", "--pass-env", wrong];
        let refused = home.run(words).with_code(2);
        assert!(!refused.stderr.contains("http://a"), "{refused}");
        // The flag by its name, not by its hidden alias.
        assert!(refused.stderr.contains("`--pass-env"), "{refused}");
    }
    let words = ["ide", "install", "zed", "--yes", "--env", "HTTPS_PROXY"];
    let refused = home.run(words).with_code(2);
    assert!(refused.stderr.contains("ide.not-supported"), "{refused}");
}
