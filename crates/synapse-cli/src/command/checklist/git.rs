//! Asks git whether a tracked file contains what looks like a key. Git returns only file names, and
//! its configurable programs for a repository are disabled.

use std::io;
use std::path::Path;
use std::time::Duration;

use synapse_core::checklist::Exposure;
use synapse_process::{Ending, Limits, Program, Trouble};

use crate::compose;
use crate::environment::Environment;

/// Searches the tracked files of `project`; `tracked` is the key file if git tracks it.
pub(super) async fn exposure(
    environment: &Environment,
    project: &Path,
    tracked: Option<&Path>,
) -> Exposure {
    let mut files: Vec<String> = tracked
        .map(|file| file.display().to_string())
        .into_iter()
        .collect();
    let asked = match git(environment, project).await {
        Ok(asked) => asked,
        Err(Trouble::Start(error)) => {
            return Exposure::Unknown(format!("git does not run ({})", error.kind()));
        }
        Err(Trouble::Late) => return Exposure::Unknown("git took longer than a minute".to_owned()),
        Err(Trouble::TooMuch) => {
            return Exposure::Unknown("git listed too many files".to_owned());
        }
    };
    match asked.status.code() {
        Some(0) => {
            let names = asked.stdout.split(|byte| *byte == 0);
            let names = names.filter(|name| !name.is_empty()).take(MOST);
            files.extend(names.map(|name| String::from_utf8_lossy(name).into_owned()));
        }
        Some(1) => {}
        // A tracked key is reported even when the search fails.
        _ if files.is_empty() => {
            return Exposure::Unknown("there is no git repository here".to_owned());
        }
        _ => {}
    }
    if files.is_empty() {
        let project = std::path::absolute(project).unwrap_or_else(|_| project.to_owned());
        return Exposure::None(format!("the tracked files of {}", project.display()));
    }
    Exposure::Files(files)
}

async fn git(environment: &Environment, directory: &Path) -> Result<Ending, Trouble> {
    let search = environment.variable("PATH");
    let Some(git) = Program::find("git", search.as_deref()) else {
        return Err(Trouble::Start(io::ErrorKind::NotFound.into()));
    };
    let passed = ["PATH", "HOME", "USERPROFILE", "SYSTEMROOT"].into_iter();
    let variables = passed.filter_map(|name| Some((name, environment.variable(name)?)));
    let directory = std::path::absolute(directory).map_err(Trouble::Start)?;
    git.variables(variables)
        .variables([("GIT_OPTIONAL_LOCKS", "0")])
        .arguments([
            "-c",
            "core.fsmonitor=false",
            "-c",
            "core.hooksPath=/dev/null",
        ])
        .arguments(SEARCH)
        .directory(directory)
        .run(&compose::guard(), LIMITS)
        .await
}

/// Searches the text files of the whole work tree for tokens of known vendors.
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

/// The most files that are named.
const MOST: usize = 10;
const LIMITS: Limits = Limits {
    deadline: Duration::from_secs(60),
    stdout: 4 * 1024 * 1024,
    stderr: 0,
};
