//! Inspects a path before its file is changed: link target, hard links, and whether it can be
//! replaced.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::FileError;
use crate::read::describe;

/// The path of a regular file, existing or not.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    target: PathBuf,
    metadata: Option<Metadata>,
}

impl Place {
    /// Inspects `path`. Opens nothing.
    ///
    /// # Errors
    /// `NotAFile`, `Circle`, or `Read` when the system reports an error.
    pub fn of(path: &Path) -> Result<Self, FileError> {
        let target = follow(path)?;
        let metadata = match std::fs::symlink_metadata(&target) {
            Ok(found) if !found.is_file() => {
                return Err(FileError::NotAFile {
                    path: path.to_owned(),
                    what: describe(found.file_type()),
                });
            }
            Ok(found) => Some(found),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(source) => {
                return Err(FileError::Read {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        Ok(Self {
            path: path.to_owned(),
            target,
            metadata,
        })
    }

    /// The target of symbolic links at the path; the path itself if it is not a link.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Whether the path is a symbolic link.
    #[must_use]
    pub fn is_link(&self) -> bool {
        self.target != self.path
    }

    /// Metadata of the file; `None` if it does not exist.
    #[must_use]
    pub const fn metadata(&self) -> Option<&Metadata> {
        self.metadata.as_ref()
    }

    /// Whether nobody may write the file. The mode is respected even where the system would allow
    /// the write.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        let found = self.metadata.as_ref();
        found.is_some_and(|found| found.permissions().readonly())
    }

    /// Number of hard links; 0 if the file does not exist. Replacing one of several leaves the
    /// others with the old content.
    #[must_use]
    pub fn names(&self) -> u64 {
        self.metadata.as_ref().map_or(0, names)
    }

    /// Whether another file is mounted there, so that it can be written but not replaced.
    ///
    /// `false` where the system cannot tell; replacing then fails with [`FileError::MountPoint`].
    #[must_use]
    pub fn is_mount_point(&self) -> bool {
        is_mount_point(&self.target)
    }
}

/// Resolves the symbolic links at `path` itself, even if the target does not exist.
pub(crate) fn follow(path: &Path) -> Result<PathBuf, FileError> {
    let mut current = path.to_owned();
    for _ in 0..MAX_LINKS {
        let next = match std::fs::symlink_metadata(&current) {
            Ok(found) if found.is_symlink() => std::fs::read_link(&current),
            Ok(_) => return Ok(current),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(current),
            Err(error) => Err(error),
        };
        let next = next.map_err(|source| FileError::Read {
            path: path.to_owned(),
            source,
        })?;
        current = current.parent().unwrap_or(Path::new("")).join(next);
    }
    Err(FileError::Circle {
        path: path.to_owned(),
    })
}

/// The directory that contains `target`.
pub(crate) fn directory_of(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

#[cfg(unix)]
fn names(found: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(found)
}

#[cfg(not(unix))]
fn names(_found: &Metadata) -> u64 {
    1
}

#[cfg(target_os = "linux")]
fn is_mount_point(path: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};

    statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::TYPE).is_ok_and(|found| {
        found
            .stx_attributes_mask
            .contains(StatxAttributes::MOUNT_ROOT)
            && found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT)
    })
}

#[cfg(not(target_os = "linux"))]
const fn is_mount_point(_path: &Path) -> bool {
    false
}

const MAX_LINKS: usize = 40;
