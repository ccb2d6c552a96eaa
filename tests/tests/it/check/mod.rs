//! `synapse check`: everything in one list, what it never does, what it mends, and a prompt through
//! an entry; and what is shown while something is waited for.

mod fixes;
mod lines;
mod prompts;
mod shown;

use std::path::Path;

use serde_json::Value;
use synapse_tests::{Home, Output};

use crate::TWIN;

/// Runs it with the program's own PATH, as an entry would be started.
fn check(home: &Home, words: &[&str]) -> Output {
    let project = project(home);
    let words = ["check"].iter().chain(words).copied();
    let run = home.twin(words).env("PATH", "/usr/bin:/bin");
    run.within(&project).output()
}

fn document(home: &Home, words: &[&str]) -> Value {
    let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
    let document = check(home, &words).json();
    assert_eq!(document["schema"], "synapse.check/1", "{document}");
    document
}

/// A directory in which nothing of this machine is found.
fn project(home: &Home) -> std::path::PathBuf {
    let project = home.path().join("project");
    std::fs::create_dir_all(&project).unwrap();
    project
}

/// The line of that id, and of that subject where there are several.
#[track_caller]
fn line<'a>(document: &'a Value, id: &str, subject: Option<&str>) -> &'a Value {
    let checks = document["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| {
        check["id"] == id && subject.is_none_or(|subject| check["subject"] == subject)
    });
    found.unwrap_or_else(|| panic!("no line {id} {subject:?} in {document}"))
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}
