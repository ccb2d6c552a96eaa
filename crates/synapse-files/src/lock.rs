//! Advisory locks between processes.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::FileError;
use crate::private::{private_options, tighten};

/// An exclusive advisory lock between processes, released on drop.
///
/// The lock file stays: removing it would let two processes each hold a lock of that name.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock at `path`, waiting at most `patience`. Creates its file with mode 0600, and
    /// tightens an existing one to that.
    ///
    /// # Errors
    /// `Locked` on timeout; `Write`.
    pub fn acquire(path: &Path, patience: Duration) -> Result<Self, FileError> {
        acquire(path, patience, File::try_lock).map(|file| Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a child being forked by another thread may still hold a copy of
        // the descriptor.
        drop(self.file.unlock());
    }
}

/// A shared lock: excludes [`Lock`], but not other shared holders.
#[derive(Debug)]
pub struct SharedLock {
    file: File,
}

impl SharedLock {
    /// Takes the lock at `path` like [`Lock::acquire`].
    ///
    /// # Errors
    /// `Locked` on timeout; `Write`.
    pub fn acquire(path: &Path, patience: Duration) -> Result<Self, FileError> {
        acquire(path, patience, File::try_lock_shared).map(|file| Self { file })
    }
}

impl Drop for SharedLock {
    fn drop(&mut self) {
        drop(self.file.unlock());
    }
}

fn acquire(
    path: &Path,
    patience: Duration,
    attempt: impl Fn(&File) -> Result<(), TryLockError>,
) -> Result<File, FileError> {
    let failed = |source: io::Error| FileError::Write {
        path: path.to_owned(),
        source,
    };
    tighten(path);
    let file = private_options()
        .read(true)
        .append(true)
        .create(true)
        .open(path)
        .map_err(failed)?;
    let deadline = Instant::now() + patience;
    loop {
        match attempt(&file) {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                std::thread::sleep(POLL);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(FileError::Locked {
                    path: path.to_owned(),
                });
            }
        }
    }
}

const POLL: Duration = Duration::from_millis(5);
