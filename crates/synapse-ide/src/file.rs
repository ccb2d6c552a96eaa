//! Files of other programs: read verbatim, replaced atomically and only if unchanged, locked
//! between our processes. Mode, owner and symbolic links are kept.

use std::fs::DirBuilder;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use synapse_core::{Code, Failure};
use synapse_files::{FileError, Place, Prepared, Replacement, Rights};

use crate::failure::{changed, hard_linked, mounted, shown, too_large, unfit, unusable};

/// Reads the file at `path`, following links; `None` if it does not exist.
///
/// # Errors
/// `ide.file-too-large`; `ide.file-unusable` when it is not a regular file or cannot be read.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    synapse_files::read(path, LIMIT).map_err(|error| of_file(path, error))
}

/// Resolves the symbolic links at `path`, even if the target does not exist.
///
/// # Errors
/// `ide.file-unusable` for a cycle of links or a non-regular file.
pub(crate) fn target(path: &Path) -> Result<PathBuf, Failure> {
    Ok(place(path)?.target().to_owned())
}

/// Whether the file at `path` may be replaced: regular, writable, without other hard links and not
/// a mount point; or missing.
///
/// # Errors
/// `ide.file-unusable`, `ide.file-hard-linked`, `ide.file-mounted`.
pub(crate) fn writable(path: &Path) -> Result<(), Failure> {
    let place = place(path)?;
    if place.is_read_only() {
        return Err(unfit(path, "read-only")
            .hint("make it writable if you want Synapse to change it, then try again"));
    }
    if place.is_mount_point() {
        return Err(mounted(path, place.target()));
    }
    match place.names() {
        0 | 1 => Ok(()),
        names => Err(hard_linked(path, place.target(), names)),
    }
}

/// A change synced to disk, pending the final comparison.
#[derive(Debug)]
pub(crate) struct Ready {
    path: PathBuf,
    /// `None` to remove the file.
    content: Option<Prepared>,
}

/// Writes `content` to disk as the replacement of the file at `path`, creating parent directories;
/// `None` to remove the file.
///
/// An existing file keeps its mode and owner; a new one is for its owner only.
///
/// # Errors
/// `ide.file-unusable`, `ide.file-hard-linked`, `ide.file-mounted`; the file is left unchanged.
pub(crate) fn prepare(path: &Path, content: Option<&[u8]>) -> Result<Ready, Failure> {
    writable(path)?;
    let ready = |content| Ready {
        path: path.to_owned(),
        content,
    };
    let Some(content) = content else {
        return Ok(ready(None));
    };
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
        new.prepare()
    };
    let prepared = write().map_err(|error| of_file(path, error))?;
    Ok(ready(Some(prepared)))
}

impl Ready {
    /// Applies the change if the file still has the content `before`, `None` being no file; the
    /// comparison comes last. Atomic for readers; a link to the file stays.
    ///
    /// # Errors
    /// `ide.file-changed`, `ide.file-unusable`, `ide.file-mounted`; the file is left unchanged.
    pub(crate) fn make(self, before: Option<&[u8]>) -> Result<(), Failure> {
        let path = &self.path;
        let made = match (self.content, before) {
            (Some(content), before) => content.take_place_of(before),
            (None, Some(before)) => synapse_files::remove_if(path, before),
            (None, None) => Ok(()),
        };
        made.map_err(|error| of_file(path, error))
    }
}

fn place(path: &Path) -> Result<Place, Failure> {
    Place::of(path).map_err(|error| of_file(path, error))
}

/// Converts an error of the file at `path`.
fn of_file(path: &Path, error: FileError) -> Failure {
    match error {
        FileError::Read { source, .. } => unusable(path, "read", &source),
        FileError::Write { source, .. } => unusable(path, "written", &source),
        FileError::NotAFile { .. } => unfit(path, "no regular file"),
        FileError::Circle { .. } => unfit(path, "a link in a circle"),
        FileError::TooLarge { .. } => too_large(path),
        FileError::Changed { .. } => changed(path, "it was read"),
        FileError::MountPoint { path: mount, .. } => mounted(path, &mount),
        error => unusable(path, "used", &io::Error::other(error)),
    }
}

/// Writes one of our own files, for its owner only, creating parent directories.
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
    let (code, hint) = if synapse_files::is_of_room(error.kind()) {
        (Code::StorageDiskFull, "free some space on that file system")
    } else {
        (
            Code::StorageUnavailable,
            "check the permissions of the directory, or set SYNAPSE_HOME to another one",
        )
    };
    Failure::new(code, format!("{} cannot be used", shown(path)))
        .caused_by(error)
        .hint(hint)
        .with("file", shown(path))
}

fn of_own_file(path: &Path, error: FileError) -> Failure {
    match error {
        FileError::Read { source, .. } | FileError::Write { source, .. } => own_file(path, &source),
        error => own_file(path, &io::Error::other(error)),
    }
}

/// Held while a client's file is changed, to exclude other Synapse processes.
#[derive(Debug)]
pub(crate) struct ChangeLock(#[expect(dead_code, reason = "held, not read")] synapse_files::Lock);

impl ChangeLock {
    /// Takes the lock at `path`, creating its file for its owner only, waiting at most `patience`.
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
