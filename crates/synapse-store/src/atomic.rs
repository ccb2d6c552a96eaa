//! Replacing and locking files of our own, with the failures of the store.

use std::hash::{Hash as _, Hasher as _};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use synapse_core::Failure;
use synapse_files::{FileError, Rights, private_options};

use crate::failure::{of_file, writing};

/// A value that differs when the file or directory at `path` was replaced, changed or removed.
pub(crate) fn stamp(path: &Path) -> u64 {
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
    file: synapse_files::Replacement,
}

impl Replacement {
    /// Begins to write what is to replace the file at `path`, or is to become it.
    ///
    /// # Errors
    /// `storage.read-only`, `storage.disk-full`, `storage.unavailable`.
    pub fn begin(path: &Path) -> Result<Self, Failure> {
        Ok(Self {
            path: path.to_owned(),
            file: synapse_files::Replacement::begin(path, Rights::Private).map_err(of_file)?,
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

/// Creates the file at `path` with mode 0600 and says whether it did: what is there already, a
/// symbolic link too, is left as it is.
///
/// # Errors
/// As [`replace`].
pub fn create(path: &Path, content: &[u8]) -> Result<bool, Failure> {
    synapse_files::create(path, content).map_err(of_file)
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
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held, not read")] synapse_files::Lock);

impl Lock {
    /// Takes the lock at `path`, creating its file with mode 0600, and waits at most `patience`.
    ///
    /// # Errors
    /// `storage.locked` when it was not free in time, `storage.read-only`, `storage.disk-full`,
    /// `storage.unavailable`.
    pub fn acquire(path: &Path, patience: Duration) -> Result<Self, Failure> {
        synapse_files::Lock::acquire(path, patience)
            .map(Self)
            .map_err(of_file)
    }
}

/// Creates `directory` for its owner alone, unless it is there.
///
/// # Errors
/// As [`replace`].
pub(crate) fn create_directory(directory: &Path) -> Result<(), Failure> {
    synapse_files::create_directory(directory).map_err(of_file)
}

/// An advisory lock that many processes hold at once, unless one holds it as [`Lock`].
#[derive(Debug)]
pub(crate) struct SharedLock(
    #[expect(dead_code, reason = "held, not read")] synapse_files::SharedLock,
);

impl SharedLock {
    /// Takes the lock at `path` and waits at most `patience`. `None` where its file cannot be made
    /// or locked, as on a read-only file system: nobody can hold it there as a [`Lock`] either.
    ///
    /// # Errors
    /// `storage.locked` when it was not free in time.
    pub(crate) fn acquire(path: &Path, patience: Duration) -> Result<Option<Self>, Failure> {
        match synapse_files::SharedLock::acquire(path, patience) {
            Ok(lock) => Ok(Some(Self(lock))),
            Err(error @ FileError::Locked { .. }) => Err(of_file(error)),
            Err(_) => Ok(None),
        }
    }
}
