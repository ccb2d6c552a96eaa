//! The program's description of itself, and `doctor`'s findings on other programs of its name.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use synapse_tests::Home;
use synapse_tests::home::set_mode;

use crate::TWIN;

#[test]
fn a_version_can_be_read_by_programs() {
    let home = Home::new(TWIN);
    for words in [
        &["--version", "--json"][..],
        &["--json", "-V"],
        &["chat", "--version", "--json"],
    ] {
        let document = home.run(words).with_code(0).json();
        assert_eq!(document["schema"], "synapse.version/1", "{document}");
        assert_eq!(document["version"], env!("CARGO_PKG_VERSION"));
        let target = document["target"].as_str().unwrap();
        assert!(target.contains(std::env::consts::ARCH), "{target}");
        assert_eq!(document["features"], json!([]));
        // A test build has no commit id: it would be rebuilt for each commit.
        assert_eq!(document["commit"], Value::Null);
    }
    let plain = home.run(["--version"]).with_code(0);
    assert_eq!(
        plain.stdout,
        format!("synapse {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn doctor_warns_of_a_second_program_on_path() {
    let home = Home::new(TWIN);
    let [one, other] = ["one", "other"].map(|name| program(&home, name));
    let seen = checks(&home, &[&one, &other], "installations");
    let [warning] = seen.as_slice() else {
        panic!("one check: {seen:?}");
    };
    assert_eq!(warning["outcome"], "warn", "{warning}");
    assert_eq!(warning["error"]["code"], "config.several-installations");
    let message = warning["error"]["message"].as_str().unwrap();
    assert!(message.contains(one.to_str().unwrap()), "{message}");
    let cause = warning["error"]["causes"][0].as_str().unwrap();
    assert!(cause.contains(other.to_str().unwrap()), "{cause}");
}

#[test]
fn ways_to_the_same_program_are_one_installation() {
    let home = Home::new(TWIN);
    let one = program(&home, "one");
    let link = home.path().join("link/synapse");
    std::fs::create_dir(link.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(&one, &link).unwrap();
    let seen = checks(&home, &[&link, &one, &one], "installations");
    assert_eq!(seen[0]["outcome"], "ok", "{seen:?}");
    assert_eq!(seen.len(), 1);
    let nowhere = checks(&home, &[], "installations");
    assert_eq!(nowhere[0]["outcome"], "ok", "{nowhere:?}");
}

#[test]
fn doctor_warns_of_an_entry_that_starts_another_program() {
    let home = Home::new(TWIN);
    let other = program(&home, "other");
    enter(&home, &other);
    let seen = checks(&home, &[], "entries");
    let [warning] = seen.as_slice() else {
        panic!("one check: {seen:?}");
    };
    assert_eq!(warning["subject"], "cursor (user)", "{warning}");
    assert_eq!(warning["outcome"], "warn", "{warning}");
    assert_eq!(warning["error"]["code"], "ide.foreign-entry");
    assert!(
        warning["error"].to_string().contains("ide install cursor"),
        "{warning}"
    );
}

#[test]
fn an_entry_that_starts_this_program_is_sound() {
    let home = Home::new(TWIN);
    enter(&home, Path::new(TWIN));
    let seen = checks(&home, &[], "entries");
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0]["outcome"], "ok", "{seen:?}");
    assert_eq!(seen[0]["detail"], "1 entry starts this program");
}

/// A program of our name in a directory of its own.
fn program(home: &Home, directory: &str) -> PathBuf {
    let path = home.write(&format!("{directory}/synapse"), "#!/bin/sh\n");
    set_mode(&path, 0o755);
    path
}

/// Adds an entry to Cursor that starts `program`.
fn enter(home: &Home, program: &Path) {
    let entry = json!({"mcpServers": {"synapse": {"command": program, "args": ["serve"]}}});
    home.write(".cursor/mcp.json", entry.to_string());
}

/// `doctor`'s checks with that id, with the directories of these programs on PATH.
#[track_caller]
fn checks(home: &Home, programs: &[&Path], id: &str) -> Vec<Value> {
    let directories = programs.iter().map(|program| program.parent().unwrap());
    let path = std::env::join_paths(directories).unwrap();
    // Other findings about the home are irrelevant here.
    let document = home
        .twin(["doctor", "--json"])
        .env("PATH", path)
        .output()
        .json();
    let checks = document["checks"].as_array().unwrap();
    checks
        .iter()
        .filter(|check| check["id"] == id)
        .cloned()
        .collect()
}
