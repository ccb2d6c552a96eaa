//! Replaces files as a whole and takes advisory locks, so that neither a crash nor another process
//! ever sees or leaves half a file.

use std::fs::{File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use synapse_core::Failure;
use tempfile::NamedTempFile;

use crate::failure::{locked, not_a_file, reading, writing};
use crate::file::describe;

/// Replaces the content of the file at `path`, or creates it with mode 0600.
///
/// A reader sees the old or the new content, never a part. A symbolic link stays, and the file it
/// points to is replaced. An existing mode is kept where it is stricter than 0600. The content is
/// on disk before it takes the name.
///
/// # Errors
/// `storage.read-only`, `storage.disk-full`, `storage.unavailable`; the file is left as it was.
pub fn replace(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let mut replacement = Replacement::begin(path)?;
    match replacement.write_all(content) {
        Ok(()) => replacement.finish(),
        Err(error) => Err(replacement.failure(&error)),
    }
}

/// New content for a file that is written piece by piece, beside the file, and takes its place as a
/// whole with [`Replacement::finish`]; dropped before that, it leaves the file as it was. As for
/// modes and links it does what [`replace`] does.
#[derive(Debug)]
pub struct Replacement {
    path: PathBuf,
    target: PathBuf,
    file: NamedTempFile,
}

impl Replacement {
    /// Begins to write what is to replace the file at `path`, or is to become it.
    ///
    /// # Errors
    /// `storage.read-only`, `storage.disk-full`, `storage.unavailable`.
    pub fn begin(path: &Path) -> Result<Self, Failure> {
        let target = follow_links(path).map_err(|error| reading(path, &error))?;
        let existing = match std::fs::symlink_metadata(&target) {
            Ok(found) if !found.is_file() => {
                return Err(not_a_file(path, describe(found.file_type())));
            }
            Ok(found) => Some(found),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(reading(path, &error)),
        };
        let file = beside(&target, existing.as_ref()).map_err(|error| writing(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            target,
            file,
        })
    }

    /// What an error of a write to it means.
    #[must_use]
    pub fn failure(&self, error: &io::Error) -> Failure {
        writing(&self.path, error)
    }

    /// Puts it in the place of the file. The content is on disk before it takes the name.
    ///
    /// # Errors
    /// As [`Replacement::begin`]; the file is left as it was.
    pub fn finish(self) -> Result<(), Failure> {
        let Self { path, target, file } = self;
        settle(file, &target).map_err(|error| writing(&path, &error))
    }
}

impl io::Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Creates the file at `path` with mode 0600 and says whether it did: what is there already, a
/// symbolic link too, is left as it is.
///
/// # Errors
/// As [`replace`].
pub fn create(path: &Path, content: &[u8]) -> Result<bool, Failure> {
    let file = beside(path, None)
        .and_then(|mut file| {
            file.write_all(content)?;
            file.as_file().sync_all()?;
            Ok(file)
        })
        .map_err(|error| writing(path, &error))?;
    match file.persist_noclobber(path) {
        Ok(_) => {
            sync_directory(path);
            Ok(true)
        }
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(writing(path, &error.error)),
    }
}

/// Writes a new file at `path`, for its owner alone.
///
/// # Errors
/// `storage.read-only`, `storage.disk-full`, `storage.unavailable`, also when something is there.
pub fn write_private(path: &Path, content: &[u8]) -> Result<(), Failure> {
    private_options()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(content))
        .map_err(|error| writing(path, &error))
}

/// An advisory lock between processes, held until it is dropped.
///
/// The file of the lock stays: removing it would let two processes hold "the" lock.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock at `path`, creating its file with mode 0600, and waits at most `patience`.
    ///
    /// # Errors
    /// `storage.locked` when it was not free in time, `storage.read-only`, `storage.disk-full`,
    /// `storage.unavailable`.
    pub fn acquire(path: &Path, patience: Duration) -> Result<Self, Failure> {
        let file = private_options()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(|error| writing(path, &error))?;
        let deadline = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { file }),
                Err(TryLockError::Error(error)) => return Err(writing(path, &error)),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(POLL);
                }
                Err(TryLockError::WouldBlock) => return Err(locked(path)),
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a child that another thread is just starting may have the file
        // open too, until it has become the other program.
        drop(self.file.unlock());
    }
}

/// Options that create a file for its owner alone.
#[cfg(unix)]
pub(crate) fn private_options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;

    let mut options = OpenOptions::new();
    options.mode(PRIVATE);
    options
}

/// Options that create a file; its directory says who may read it.
#[cfg(not(unix))]
pub(crate) fn private_options() -> OpenOptions {
    OpenOptions::new()
}

/// Where the symbolic links at `path` lead, also when nothing is there yet.
fn follow_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match std::fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() => {
                let target = std::fs::read_link(&path)?;
                path = path.parent().unwrap_or(Path::new("")).join(target);
            }
            Ok(_) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(path),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

fn directory_of(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn beside(target: &Path, existing: Option<&Metadata>) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".synapse-");
    if let Some(permissions) = permissions(existing) {
        builder.permissions(permissions);
    }
    builder.tempfile_in(directory_of(target))
}

/// On disk before it takes the name.
fn settle(file: NamedTempFile, target: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(target)?;
    sync_directory(target);
    Ok(())
}

/// The new name is in force by now: a directory that cannot be synced is no failure to report.
fn sync_directory(target: &Path) {
    drop(File::open(directory_of(target)).and_then(|directory| directory.sync_all()));
}

#[cfg(unix)]
fn permissions(existing: Option<&Metadata>) -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = existing.map_or(PRIVATE, |found| found.permissions().mode() & PRIVATE);
    Some(Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn permissions(_existing: Option<&Metadata>) -> Option<Permissions> {
    None
}

#[cfg(unix)]
const PRIVATE: u32 = 0o600;
const MAX_LINKS: usize = 40;
const POLL: Duration = Duration::from_millis(5);
