//! What a path leads to. Two texts may name one file, and one text two files in turn.

use std::io;
use std::path::Path;
#[cfg(not(unix))]
use std::path::PathBuf;

/// A file or directory, whatever path leads to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Device and inode.
    #[cfg(unix)]
    number: (u64, u64),
    #[cfg(not(unix))]
    path: PathBuf,
}

impl Identity {
    /// What `path` leads to, through every symbolic link.
    ///
    /// # Errors
    /// The path leads nowhere, or the system does not tell.
    #[cfg(unix)]
    pub fn of(path: &Path) -> io::Result<Self> {
        std::fs::metadata(path).map(|found| Self::of_metadata(&found))
    }

    /// What `path` leads to, through every symbolic link.
    ///
    /// # Errors
    /// The path leads nowhere, or the system does not tell.
    #[cfg(not(unix))]
    pub fn of(path: &Path) -> io::Result<Self> {
        std::fs::canonicalize(path).map(|path| Self { path })
    }

    /// The file that `metadata` was read from.
    #[cfg(unix)]
    #[must_use]
    pub fn of_metadata(metadata: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;

        Self {
            number: (metadata.dev(), metadata.ino()),
        }
    }
}

/// Whether two paths lead to one file. A path that leads nowhere is no file.
#[must_use]
pub fn same_file(one: &Path, other: &Path) -> bool {
    match (Identity::of(one), Identity::of(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Whether `path` lies in `directory` or is it, once every link and every `..` is followed.
///
/// # Errors
/// One of them leads nowhere, or the system does not tell.
pub fn is_within(path: &Path, directory: &Path) -> io::Result<bool> {
    let directory = Identity::of(directory)?;
    let path = std::fs::canonicalize(path)?;
    for ancestor in path.ancestors() {
        if Identity::of(ancestor)? == directory {
            return Ok(true);
        }
    }
    Ok(false)
}
