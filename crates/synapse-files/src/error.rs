//! The failures of file operations, with the path as the caller gave it.

use std::io;
use std::path::PathBuf;

/// Whether space ran out: on the disk, in a quota, or for one file (`ulimit -f`).
#[must_use]
pub const fn is_of_room(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};

    matches!(kind, StorageFull | QuotaExceeded | FileTooLarge)
}

/// Why a file could not be read, written or locked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The system refused to read it.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The system refused to write or remove it.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// It is something other than a regular file.
    #[error("{} is {what}", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// Its kind, with an article.
        what: &'static str,
    },
    /// It is something other than a directory.
    #[error("{} is not a directory", path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// Its symbolic links form a cycle.
    #[error("the symbolic links at {} lead in a circle", path.display())]
    Circle {
        /// The path.
        path: PathBuf,
    },
    /// It is larger than the caller reads.
    #[error("{} is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit, in bytes.
        limit: u64,
    },
    /// Its content is no longer the expected one. Nothing was written.
    #[error("{} was changed meanwhile", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A file is mounted there, and a mount point cannot be replaced.
    #[error("{} is a mount point", path.display())]
    MountPoint {
        /// The mount point, with symbolic links resolved.
        path: PathBuf,
    },
    /// Another process held the lock for longer than the caller waits.
    #[error("another process holds {}", path.display())]
    Locked {
        /// The file of the lock.
        path: PathBuf,
    },
}
