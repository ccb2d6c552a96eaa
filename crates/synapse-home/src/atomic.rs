//! Replaces and locks files in the home, with `storage.*` failures.

use std::hash::{Hash as _, Hasher as _};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use synapse_core::Failure;
use synapse_files::{FileError, Rights};

use crate::failure::{of_file, writing};

/// A value that changes when the file or directory at `path` is replaced, changed or removed.
pub fn stamp(path: &Path) -> u64 {
    let mut hash = std::hash::DefaultHasher::new();
    if let Ok(found) = std::fs::metadata(path) {
        found.len().hash(&mut hash);
        found.modified().ok().hash(&mut hash);
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            (found.dev(), found.ino(), found.ctime(), found.ctime_nsec()).hash(&mut hash);
        }
    }
    hash.finish()
}

/// Replaces the content of the file at `path`, or creates it with mode 0600.
///
/// Atomic for readers. A symbolic link stays, and its target is replaced. An existing mode is kept
/// where it is stricter than 0600. The content is synced before the rename.
///
/// `storage.read-only`, `storage.disk-full`, `storage.unavailable`; the file is left unchanged.
/// `storage.read-only`, `storage.disk-full`, `storage.unavailable`; the file is left as it was.
pub fn replace(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let mut replacement = Replacement::begin(path)?;
    match replacement.write_all(content) {
        Ok(()) => replacement.finish(),
        Err(error) => Err(replacement.failure(&error)),
    }
}

/// New content, written incrementally beside the file, that replaces it atomically with
/// [`Replacement::finish`]; dropping it leaves the file unchanged. Modes and links as in
/// [`replace`].
#[derive(Debug)]
pub struct Replacement {
    path: PathBuf,
    file: synapse_files::Replacement,
}

impl Replacement {
    /// Starts writing the replacement of the file at `path`, which may not exist yet.
    ///
    /// # Errors
    /// `storage.read-only`, `storage.disk-full`, `storage.unavailable`.
    pub fn begin(path: &Path) -> Result<Self, Failure> {
        Ok(Self {
            path: path.to_owned(),
            file: synapse_files::Replacement::begin(path, Rights::Private).map_err(of_file)?,
        })
    }

    /// The failure for an error while writing it.
    #[must_use]
    pub fn failure(&self, error: &io::Error) -> Failure {
        writing(&self.path, error)
    }

    /// Replaces the file. The content is synced before the rename.
    ///
    /// # Errors
    /// Same as [`Replacement::begin`]; the file is left unchanged.
    pub fn finish(self) -> Result<(), Failure> {
        let prepared = self.file.prepare();
        prepared
            .and_then(synapse_files::Prepared::take_place)
            .map_err(of_file)
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

/// Creates the file at `path` with mode 0600, and reports whether it did: anything existing, even a
/// symbolic link, is left unchanged.
///
/// # Errors
/// Same as [`replace`].
pub fn create(path: &Path, content: &[u8]) -> Result<bool, Failure> {
    synapse_files::create(path, content).map_err(of_file)
}

/// Writes a new file at `path`, for its owner only: the whole content, or no file.
///
/// # Errors
/// `storage.read-only`, `storage.disk-full`, `storage.unavailable`, also if the path exists.
pub fn write_private(path: &Path, content: &[u8]) -> Result<(), Failure> {
    if create(path, content)? {
        return Ok(());
    }
    Err(writing(path, &io::ErrorKind::AlreadyExists.into()))
}

/// An advisory lock between processes, released on drop.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held, not read")] synapse_files::Lock);

impl Lock {
    /// Takes the lock at `path`, creating its file with mode 0600, waiting at most `patience`.
    ///
    /// # Errors
    /// `storage.locked` on timeout, `storage.read-only`, `storage.disk-full`,
    /// `storage.unavailable`.
    pub fn acquire(path: &Path, patience: Duration) -> Result<Self, Failure> {
        synapse_files::Lock::acquire(path, patience)
            .map(Self)
            .map_err(of_file)
    }
}

/// Creates `directory` for its owner only, unless it exists.
///
/// # Errors
/// Same as [`replace`].
pub fn create_directory(directory: &Path) -> Result<(), Failure> {
    synapse_files::create_directory(directory).map_err(of_file)
}

/// A shared advisory lock between processes; excludes [`Lock`].
#[derive(Debug)]
pub struct SharedLock(#[expect(dead_code, reason = "held, not read")] synapse_files::SharedLock);

impl SharedLock {
    /// Takes the lock at `path`, waiting at most `patience`. `None` where its file cannot be
    /// created or locked, as on a read-only file system: nobody can hold a [`Lock`] there either.
    ///
    /// # Errors
    /// `storage.locked` on timeout.
    pub fn acquire(path: &Path, patience: Duration) -> Result<Option<Self>, Failure> {
        match synapse_files::SharedLock::acquire(path, patience) {
            Ok(lock) => Ok(Some(Self(lock))),
            Err(error @ FileError::Locked { .. }) => Err(of_file(error)),
            Err(_) => Ok(None),
        }
    }
}
