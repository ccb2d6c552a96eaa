//! Advisory locks between processes.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::FileError;
use crate::private::{private_options, tighten};

/// An advisory lock between processes, held until it is dropped.
///
/// The file of the lock stays: removing it would let two processes hold "the" lock.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock at `path`, creating its file with mode 0600, and waits at most `patience`. A
    /// file that was wider becomes 0600.
    ///
    /// # Errors
    /// `Locked` when it was not free in time, `Write`.
    pub fn acquire(path: &Path, patience: Duration) -> Result<Self, FileError> {
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
            match file.try_lock() {
                Ok(()) => return Ok(Self { file }),
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
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a child that another thread is just starting may have the file
        // open too, until it has become the other program.
        drop(self.file.unlock());
    }
}

const POLL: Duration = Duration::from_millis(5);
