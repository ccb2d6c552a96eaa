//! The file a path resolves to. Two paths may name one file, and one path two files over time.

use std::io;
use std::path::Path;
#[cfg(not(unix))]
use std::path::PathBuf;

/// The identity of a file or directory, independent of its path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Device and inode.
    #[cfg(unix)]
    number: (u64, u64),
    #[cfg(not(unix))]
    path: PathBuf,
}

impl Identity {
    /// The identity of the file `path` resolves to, through all symbolic links.
    ///
    /// # Errors
    /// The path does not resolve, or the system reports an error.
    #[cfg(unix)]
    pub fn of(path: &Path) -> io::Result<Self> {
        std::fs::metadata(path).map(|found| Self::of_metadata(&found))
    }

    /// The identity of the file `path` resolves to, through all symbolic links.
    ///
    /// # Errors
    /// The path does not resolve, or the system reports an error.
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

/// Whether two paths resolve to one file. A path that does not resolve is no file.
#[must_use]
pub fn same_file(one: &Path, other: &Path) -> bool {
    match (Identity::of(one), Identity::of(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Whether `path` is `directory` or inside it, with all links and `..` resolved.
///
/// # Errors
/// One of them does not resolve, or the system reports an error.
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
