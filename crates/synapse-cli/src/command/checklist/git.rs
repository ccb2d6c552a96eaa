//! Asks git whether a tracked file holds what looks like a key. Only the names of files
//! come back, and nothing that git runs for a repository is let run.

use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use synapse_core::checklist::Exposure;

use crate::environment::Environment;

/// Looks at what git tracks in `project`; `tracked` is the file of the key where git tracks that.
pub(super) fn exposure(
    environment: &Environment,
    project: &Path,
    tracked: Option<&Path>,
) -> Exposure {
    let mut files: Vec<String> = tracked
        .map(|file| file.display().to_string())
        .into_iter()
        .collect();
    let asked = match git(environment, project) {
        Ok(asked) => asked,
        Err(error) => return Exposure::Unknown(format!("git does not run ({})", error.kind())),
    };
    match asked.status.code() {
        Some(0) => {
            let names = asked.stdout.split(|byte| *byte == 0);
            let names = names.filter(|name| !name.is_empty()).take(MOST);
            files.extend(names.map(|name| String::from_utf8_lossy(name).into_owned()));
        }
        Some(1) => {}
        // A key that is tracked is told even where nothing else can be.
        _ if files.is_empty() => {
            return Exposure::Unknown("git knows no repository here".to_owned());
        }
        _ => {}
    }
    if files.is_empty() {
        let project = std::path::absolute(project).unwrap_or_else(|_| project.to_owned());
        return Exposure::None(format!("the tracked files of {}", project.display()));
    }
    Exposure::Files(files)
}

fn git(environment: &Environment, directory: &Path) -> io::Result<Output> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the checklist's one place that starts a child"
    )]
    let mut command = Command::new("git");
    command.env_clear();
    for name in ["PATH", "HOME", "USERPROFILE", "SYSTEMROOT"] {
        if let Some(value) = environment.variable(name) {
            command.env(name, value);
        }
    }
    command
        .env("GIT_OPTIONAL_LOCKS", "0")
        .args([
            "-c",
            "core.fsmonitor=false",
            "-c",
            "core.hooksPath=/dev/null",
        ])
        .arg("-C")
        .arg(directory)
        .args(SEARCH)
        .stdin(Stdio::null())
        .output()
}

/// Text files of the whole work tree in which a token of a known vendor seems to stand.
const SEARCH: [&str; 8] = [
    "grep",
    "-I",
    "-l",
    "-z",
    "-E",
    "-e",
    "(^|[^A-Za-z0-9_-])(sk-[A-Za-z0-9]{20,}|sk-(proj|ant|or|svcacct|admin)-[A-Za-z0-9_-]{20,}|\
     hf_[A-Za-z0-9]{30,}|gsk_[A-Za-z0-9]{30,}|xai-[A-Za-z0-9]{30,}|AIza[A-Za-z0-9_-]{30,})",
    ":/",
];

/// How many files are named.
const MOST: usize = 10;
