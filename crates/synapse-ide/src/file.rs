//! The files of other programs: read as they are, replaced as a whole and only when they are what
//! was looked at, locked among ourselves. A file keeps its mode and owner, and a symbolic link
//! stays one.

use std::fs::DirBuilder;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use synapse_core::{Code, Failure};
use synapse_files::{FileError, Place, Prepared, Replacement, Rights};

use crate::failure::{changed, hard_linked, mounted, shown, too_large, unfit, unusable};

/// Reads the file at `path`, following links; `None` when nothing is there.
///
/// # Errors
/// `ide.file-too-large`; `ide.file-unusable` when it is no regular file or the system refuses.
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

/// Whether a file at `path` may be replaced: it is regular and not read-only, has no other name and
/// is mounted nowhere else, or it is not there.
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

/// A change of a file that is on disk and lacks nothing but that the file is still the same.
#[derive(Debug)]
pub(crate) struct Ready {
    path: PathBuf,
    /// `None` when the file is to go.
    content: Option<Prepared>,
}

/// Puts `content` on disk, to replace the file at `path` or to become it, with the directories
/// above it; `None` is to remove it.
///
/// An existing file keeps its mode and owner; a new one is for its owner alone.
///
/// # Errors
/// `ide.file-unusable`, `ide.file-hard-linked`, `ide.file-mounted`; the file is left as it was.
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
    /// Makes the change if the file still has the content `before`, `None` being no file, which is
    /// looked at last of all. A reader sees the old or the new content, never a part; a link to the
    /// file stays.
    ///
    /// # Errors
    /// `ide.file-changed`, `ide.file-unusable`, `ide.file-mounted`; the file is left as it was.
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

/// What a failed operation on the file at `path` means.
fn of_file(path: &Path, error: FileError) -> Failure {
    match error {
        FileError::Read { source, .. } => unusable(path, "read", &source),
        FileError::Write { source, .. } => unusable(path, "written", &source),
        FileError::NotAFile { .. } => unfit(path, "no regular file"),
        FileError::Circle { .. } => unfit(path, "a link in a circle"),
        FileError::TooLarge { .. } => too_large(path),
        FileError::Changed { .. } => changed(path, "it was looked at"),
        FileError::MountPoint { path: mount, .. } => mounted(path, &mount),
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
