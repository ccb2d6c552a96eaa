//! Whether a client is on this machine, and finding programs on a PATH.

use std::path::{Path, PathBuf};

use crate::client::Client;
use crate::machine::Machine;

/// Whether the client is detected by its files or by a program on PATH.
#[must_use]
pub fn is_detected(client: &Client, machine: &Machine) -> bool {
    let signs = client.signs.iter().filter_map(|spot| spot.on(machine));
    let path = machine.variable("PATH").unwrap_or_default();
    signs.into_iter().any(|sign| sign.exists())
        || client
            .programs
            .iter()
            .any(|program| on_path(program, &path).is_some())
}

/// The first program of that name in the directories of `path`.
pub(crate) fn on_path(program: &str, path: &std::ffi::OsStr) -> Option<PathBuf> {
    let found = synapse_process::Program::find(program, Some(path))?;
    Some(found.path().to_owned())
}

/// Whether `path` is an executable file.
#[cfg(unix)]
pub(crate) fn may_run(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::metadata(path)
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Whether `path` is an executable file.
#[cfg(not(unix))]
pub(crate) fn may_run(path: &Path) -> bool {
    path.is_file()
}
