//! `synapse check`: all checks in one list, its side effects, its fixes, a prompt through an entry,
//! and progress output.

mod fixes;
mod lines;
mod prompts;
mod shown;

use std::path::Path;

use serde_json::Value;
use synapse_tests::{Home, Output};

use crate::TWIN;

/// Runs it with the program on PATH, as an entry would start it.
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

/// A directory isolated from this machine's configuration.
fn project(home: &Home) -> std::path::PathBuf {
    let project = home.path().join("project");
    std::fs::create_dir_all(&project).unwrap();
    project
}

/// The line with that id, and that subject where several exist.
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
