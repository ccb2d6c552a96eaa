//! The files of other programs: read as they are, replaced as a whole and only when they are what
//! was looked at, locked among ourselves. A file keeps its mode and owner, and a symbolic link
//! stays one.

use std::fs::DirBuilder;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use synapse_core::{Code, Failure};
use synapse_files::{FileError, Place, Replacement, Rights};

use crate::failure::{changed, shown, unfit, unusable};

/// Reads the file at `path`, following links; `None` when nothing is there.
///
/// # Errors
/// `ide.file-unusable` when it is no regular file, larger than 64 MiB, or the system refuses.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    synapse_files::read(path, LIMIT).map_err(|error| of_file(path, error))
}

/// Where the symbolic links at `path` lead, also when nothing is there yet.
///
/// # Errors
/// `ide.file-unusable` for links in a circle, and for what is no regular file.
pub(crate) fn target(path: &Path) -> Result<PathBuf, Failure> {
    Ok(place(path)?.target().to_owned())
}

/// Whether a file at `path` may be replaced: it is regular and not read-only, or not there.
///
/// # Errors
/// `ide.file-unusable`.
pub(crate) fn writable(path: &Path) -> Result<(), Failure> {
    if place(path)?.is_read_only() {
        return Err(unfit(path, "read-only")
            .hint("make it writable if you want Synapse to change it, then try again"));
    }
    Ok(())
}

/// Replaces the file at `path`, or makes it with the directories above it, if it still has the
/// content `before`; `None` is no file.
///
/// A reader sees the old or the new content, never a part. An existing file keeps its mode and
/// owner; a new one is for its owner alone. The new content is on disk before the file is read
/// again, which is the last thing before the rename.
///
/// # Errors
/// `ide.file-changed`, `ide.file-unusable`; the file is left as it was.
pub(crate) fn replace(path: &Path, before: Option<&[u8]>, content: &[u8]) -> Result<(), Failure> {
    writable(path)?;
    let directory = place(path)?.target().parent().map(Path::to_owned);
    if let Some(directory) = directory.filter(|directory| !directory.is_dir()) {
        DirBuilder::new()
            .recursive(true)
            .create(directory)
            .map_err(|error| unusable(path, "written", &error))?;
    }
    let write = || {
        let mut new = Replacement::begin(path, Rights::Kept)?;
        new.write_all(content).map_err(|error| new.failed(error))?;
        new.prepare()?.take_place_of(before)
    };
    write().map_err(|error| of_file(path, error))
}

/// Removes the file at `path` if it still has the content `before`. A link to it stays.
///
/// # Errors
/// `ide.file-changed`, `ide.file-unusable`; the file is left as it was.
pub(crate) fn delete(path: &Path, before: &[u8]) -> Result<(), Failure> {
    writable(path)?;
    synapse_files::remove_if(path, before).map_err(|error| match error {
        FileError::Write { source, .. } => unusable(path, "removed", &source),
        error => of_file(path, error),
    })
}

fn place(path: &Path) -> Result<Place, Failure> {
    Place::of(path).map_err(|error| of_file(path, error))
}

/// What a failed operation on the file at `path` means.
fn of_file(path: &Path, error: FileError) -> Failure {
    match error {
        FileError::Read { source, .. } => unusable(path, "read", &source),
        FileError::Write { source, .. } => unusable(path, "written", &source),
        FileError::NotAFile { .. } => unfit(path, "no regular file"),
        FileError::Circle { .. } => unfit(path, "a link in a circle"),
        FileError::TooLarge { .. } => unfit(path, "larger than 64 MiB"),
        FileError::Changed { .. } => changed(path, "it was looked at"),
        FileError::MountPoint { .. } => unfit(path, "a mount point"),
        error => unusable(path, "used", &io::Error::other(error)),
    }
}

/// Writes a file of our own, for its owner alone, with the directories above it.
///
/// # Errors
/// `storage.unavailable`.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let write = || {
        synapse_files::create_directory(path.parent().unwrap_or(Path::new(".")))?;
        let mut new = Replacement::begin(path, Rights::Private)?;
        new.write_all(content).map_err(|error| new.failed(error))?;
        new.prepare()?.take_place()
    };
    write().map_err(|error| of_own_file(path, error))
}

/// The failure of one of our own files.
pub(crate) fn own_file(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Code::StorageUnavailable,
        format!("{} cannot be used", shown(path)),
    )
    .caused_by(error)
    .hint("check the permissions of the directory, or set SYNAPSE_HOME to another one")
    .with("file", shown(path))
}

fn of_own_file(path: &Path, error: FileError) -> Failure {
    match error {
        FileError::Read { source, .. } | FileError::Write { source, .. } => own_file(path, &source),
        error => own_file(path, &io::Error::other(error)),
    }
}

/// Held while a file of a client is changed, so that two of us do not work on one.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "held, not read")] synapse_files::Lock);

impl Lock {
    /// Takes the lock at `path`, making its file for its owner alone, and waits at most `patience`.
    ///
    /// # Errors
    /// `storage.locked`, `storage.unavailable`.
    pub(crate) fn acquire(path: &Path, patience: Duration) -> Result<Self, Failure> {
        synapse_files::create_directory(path.parent().unwrap_or(Path::new(".")))
            .and_then(|()| synapse_files::Lock::acquire(path, patience))
            .map(Self)
            .map_err(|error| match error {
                FileError::Locked { .. } => Failure::new(
                    Code::StorageLocked,
                    format!("another process holds {}", shown(path)),
                )
                .hint("look for a hanging synapse process, then try again")
                .with("file", shown(path)),
                error => of_own_file(path, error),
            })
    }
}

const LIMIT: u64 = 64 * 1024 * 1024;
