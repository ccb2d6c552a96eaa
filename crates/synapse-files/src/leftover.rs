//! Unfinished files of killed writers, which may hold secrets.
//!
//! A writer locks its file, and the system releases the lock however the writer ends: an unlocked
//! file is orphaned.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

/// Lists the unfinished files in `directory` without a writer. Removes nothing.
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

/// Removes the [`leftovers`] of `directory`. Best effort: the next sweep retries.
pub fn sweep(directory: &Path) {
    for path in leftovers(directory) {
        drop(std::fs::remove_file(path));
    }
}

/// Marks `file` as being written.
#[cfg(unix)]
pub(crate) fn mark(file: &NamedTempFile) {
    // A file system without locks is never swept either: see `is_left`.
    drop(file.as_file().try_lock());
}

/// A lock would block readers on Windows; orphans are recognised by age.
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

/// An empty file may just have been created and not locked yet.
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

/// Name prefix of an unfinished file.
pub(crate) const PREFIX: &str = ".synapse-";
/// Number of random letters after the prefix.
pub(crate) const RANDOM: usize = 6;
/// Exports take minutes; nothing takes a day.
const LONGEST_WRITING: Duration = Duration::from_secs(24 * 60 * 60);
