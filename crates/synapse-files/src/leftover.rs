//! What a process that was killed while it wrote a file left beside it, which may hold a secret.
//!
//! A file being written is locked by its writer, and the system lets go of the lock however the
//! writer ends: an unlocked one has no writer any more.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

/// The unfinished files in `directory` whose writers are gone. Removes nothing.
#[must_use]
pub fn leftovers(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    entries
        .filter_map(Result::ok)
        .filter(|entry| is_ours(&entry.file_name()))
        .map(|entry| entry.path())
        .filter(|path| is_left(path))
        .collect()
}

/// Removes [`leftovers`] of `directory`. Best effort: one that cannot be removed is found again.
pub fn sweep(directory: &Path) {
    for path in leftovers(directory) {
        drop(std::fs::remove_file(path));
    }
}

/// Marks `file` as one that is being written.
#[cfg(unix)]
pub(crate) fn mark(file: &NamedTempFile) {
    // A file system without locks has no sweeping either: see `is_left`.
    drop(file.as_file().try_lock());
}

/// A lock would keep readers out here; files are told by their age.
#[cfg(not(unix))]
pub(crate) fn mark(_file: &NamedTempFile) {}

fn is_ours(name: &OsStr) -> bool {
    let rest = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
    rest.is_some_and(|rest| rest.len() == RANDOM && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn is_left(path: &Path) -> bool {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => has_no_writer(path, &found),
        _ => false,
    }
}

/// An empty file may have been made just now, before its lock.
#[cfg(unix)]
fn has_no_writer(path: &Path, found: &Metadata) -> bool {
    (found.len() > 0 || is_old(found))
        && std::fs::File::open(path).is_ok_and(|file| file.try_lock().is_ok())
}

#[cfg(not(unix))]
fn has_no_writer(_path: &Path, found: &Metadata) -> bool {
    is_old(found)
}

fn is_old(found: &Metadata) -> bool {
    let modified = found.modified().ok();
    let age = modified.and_then(|modified| modified.elapsed().ok());
    age.is_some_and(|age| age > LONGEST_WRITING)
}

/// How the name of a file begins that is not finished.
pub(crate) const PREFIX: &str = ".synapse-";
/// How many letters follow.
pub(crate) const RANDOM: usize = 6;
/// Exports are written for minutes; nothing is for a day.
const LONGEST_WRITING: Duration = Duration::from_secs(24 * 60 * 60);
