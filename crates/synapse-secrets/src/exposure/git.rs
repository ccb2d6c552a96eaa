//! Asks git about a file. Without git, or outside a work tree, there is no finding.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::super::Secrets;
use super::super::child::ResolvedProgram;

/// The status of a file in git.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GitStatus {
    Tracked,
    NotIgnored,
    Fine,
}

/// The status of the file at `path` in git.
pub(super) async fn standing(secrets: &Secrets, path: &Path) -> GitStatus {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return GitStatus::Fine;
    };
    let ask = async |words: &[&str]| ask(secrets, directory, words, name.to_owned()).await;
    match ask(&["ls-files", "--error-unmatch", "--"]).await {
        Some(0) => GitStatus::Tracked,
        Some(1) => match ask(&["check-ignore", "--quiet", "--"]).await {
            Some(1) => GitStatus::NotIgnored,
            _ => GitStatus::Fine,
        },
        _ => GitStatus::Fine,
    }
}

/// The exit code of git, if git is installed and ends in time.
async fn ask(secrets: &Secrets, directory: &Path, words: &[&str], name: OsString) -> Option<i32> {
    let program = ResolvedProgram::find("git", secrets)?;
    // The repository is untrusted: nothing that it configures is run.
    let fixed = [
        "-c",
        "core.fsmonitor=false",
        "-c",
        "core.hooksPath=/dev/null",
        "-C",
    ];
    let arguments = fixed
        .iter()
        .map(OsString::from)
        .chain([directory.as_os_str().to_owned()])
        .chain(words.iter().map(OsString::from))
        .chain([name]);
    let ending = program.arguments(arguments).run(DEADLINE, CAP).await.ok()?;
    ending.status.code()
}

/// Git answers for one file in milliseconds, however large the work tree.
const DEADLINE: Duration = Duration::from_secs(5);
const CAP: usize = 64 * 1024;
