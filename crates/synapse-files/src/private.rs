//! Files and directories for their owner alone.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::error::FileError;

/// Options that create a file for its owner alone; on Windows its directory says who may read it.
#[must_use]
pub fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, PRIVATE);
    options
}

/// Creates `directory` and what is above it with mode 0700. An existing one is left as it is.
///
/// # Errors
/// `NotADirectory`, `Write`.
pub fn create_directory(directory: &Path) -> Result<(), FileError> {
    let failed = |source: io::Error| FileError::Write {
        path: directory.to_owned(),
        source,
    };
    match std::fs::metadata(directory) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => {
            return Err(FileError::NotADirectory {
                path: directory.to_owned(),
            });
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(failed)
}

/// Returns the directory `name` in `parent`, created when it is not there. Whoever may read `parent`
/// may read a new one; its owner alone may write it. A symbolic link is no directory here.
///
/// # Errors
/// `NotADirectory`, `Write`.
pub fn directory_within(parent: &Path, name: &str) -> Result<PathBuf, FileError> {
    let path = parent.join(name);
    let failed = |source: io::Error| FileError::Write {
        path: path.clone(),
        source,
    };
    match std::fs::create_dir(&path) {
        Ok(()) => widen(&path, parent).map_err(failed)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        // A directory that is there is needed only to be read.
        Err(error) if !is_directory(&path) => return Err(failed(error)),
        Err(_) => {}
    }
    if is_directory(&path) {
        return Ok(path);
    }
    Err(FileError::NotADirectory { path })
}

fn is_directory(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

#[cfg(unix)]
fn widen(path: &Path, parent: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let readers = std::fs::metadata(parent)?.permissions().mode() & 0o555;
    let mut permissions = std::fs::metadata(path)?.permissions();
    let wanted = (permissions.mode() & !0o777) | 0o700 | readers;
    if permissions.mode() == wanted {
        return Ok(());
    }
    permissions.set_mode(wanted);
    std::fs::set_permissions(path, permissions)
}

/// Modes are not of this system: a directory has those of its parent.
#[cfg(not(unix))]
fn widen(_path: &Path, _parent: &Path) -> io::Result<()> {
    Ok(())
}

/// Takes from the regular file at `path` what others may do with it, and says whether there was
/// anything to take. A symbolic link, and a file that is not there, is left alone; so is one that
/// is not ours, because nobody but its owner may.
#[cfg(unix)]
pub fn tighten(path: &Path) -> bool {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt};

    use rustix::fs::OFlags;

    let excess = |mode: u32| mode & 0o177 != 0;
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_file() && excess(found.permissions().mode()) => {}
        _ => return false,
    }
    // Through the opened file, so that a link put there meanwhile is not followed.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    opened
        .and_then(|file| {
            let mode = file.metadata()?.permissions().mode() & PRIVATE;
            file.set_permissions(PermissionsExt::from_mode(mode))
        })
        .is_ok()
}

/// Modes are not of this system: the directory says who may read a file.
#[cfg(not(unix))]
pub fn tighten(_path: &Path) -> bool {
    false
}

#[cfg(unix)]
pub(crate) const PRIVATE: u32 = 0o600;
