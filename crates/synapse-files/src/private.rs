//! Files and directories accessible to their owner only.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::error::FileError;

/// Options that create a file for its owner only; on Windows the directory's permissions apply.
#[must_use]
pub fn private_options() -> OpenOptions {
    #[cfg(unix)]
    return std::os::unix::fs::OpenOptionsExt::mode(&mut OpenOptions::new(), PRIVATE).clone();
    #[cfg(not(unix))]
    return OpenOptions::new();
}

/// Creates `directory` and its parents with mode 0700. An existing one is left unchanged.
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

/// Returns the directory `name` in `parent`, creating it if missing. A new one is readable by those
/// who may read `parent`, and writable by its owner only. A symbolic link is not accepted.
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
        // An existing directory only needs to be readable.
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

/// Windows has no modes: a directory inherits its parent's permissions.
#[cfg(not(unix))]
fn widen(_path: &Path, _parent: &Path) -> io::Result<()> {
    Ok(())
}

/// Removes the permissions of others from the regular file at `path`, and reports whether there
/// were any. Symbolic links, missing files and files of other owners are left alone.
#[cfg(unix)]
pub fn tighten(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    let excess = |mode: u32| mode & 0o177 != 0;
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_file() && excess(found.permissions().mode()) => {}
        _ => return false,
    }
    restrict(path, PRIVATE).is_ok()
}

/// Limits the mode of the file or directory at `path` to `kept`. Follows no link.
///
/// The file is not opened for reading: closing it would release every lock that this process holds
/// on it, SQLite's included. A handle that only names it releases none.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn restrict(path: &Path, kept: u32) -> io::Result<()> {
    use std::os::fd::AsRawFd as _;

    use rustix::fs::{FileType, Mode, OFlags, chmod, fstat, open};

    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let handle = open(path, flags, Mode::empty())?;
    let found = fstat(&handle)?;
    match FileType::from_raw_mode(found.st_mode) {
        FileType::RegularFile | FileType::Directory => {}
        _ => return Err(neither()),
    }
    let mode = Mode::from_raw_mode(found.st_mode & kept);
    Ok(chmod(
        format!("/proc/self/fd/{}", handle.as_raw_fd()),
        mode,
    )?)
}

/// Limits the mode of the file or directory at `path` to `kept`. Follows no link and opens nothing.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
fn restrict(path: &Path, kept: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    use rustix::fs::{AtFlags, CWD, Mode, RawMode, chmodat};

    let found = std::fs::symlink_metadata(path)?;
    if !found.is_file() && !found.is_dir() {
        return Err(neither());
    }
    let mode = RawMode::try_from(found.permissions().mode() & 0o7777 & kept);
    let mode = Mode::from_raw_mode(mode.map_err(io::Error::other)?);
    Ok(chmodat(CWD, path, mode, AtFlags::SYMLINK_NOFOLLOW)?)
}

#[cfg(unix)]
fn neither() -> io::Error {
    io::Error::other("it is neither a file nor a directory")
}

/// The mode of our file or directory at `path`, if it grants others anything. Symbolic links and
/// files of other owners are ignored.
#[cfg(unix)]
#[must_use]
pub fn exposed(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;

    let found = std::fs::symlink_metadata(path).ok()?;
    let is_ours = found.uid() == rustix::process::geteuid().as_raw();
    let is_plain = found.is_file() || found.is_dir();
    (is_ours && is_plain && found.mode() & OTHERS != 0).then(|| found.mode() & 0o7777)
}

/// Windows has no modes.
#[cfg(not(unix))]
#[must_use]
pub fn exposed(_path: &Path) -> Option<u32> {
    None
}

/// Removes the permissions of others from the file or directory at `path`, and leaves the owner's
/// unchanged. Does not follow a symbolic link.
///
/// # Errors
/// `Write` when it belongs to somebody else or cannot be changed.
#[cfg(unix)]
pub fn close(path: &Path) -> Result<(), FileError> {
    restrict(path, 0o7777 & !OTHERS).map_err(|source| FileError::Write {
        path: path.to_owned(),
        source,
    })
}

/// Windows has no modes.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn close(_path: &Path) -> Result<(), FileError> {
    Ok(())
}

/// Windows has no modes: the directory's permissions apply.
#[cfg(not(unix))]
pub fn tighten(_path: &Path) -> bool {
    false
}

#[cfg(unix)]
pub(crate) const PRIVATE: u32 = 0o600;
/// Permission bits of the group and others.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::symlink_metadata(path)
            .unwrap()
            .permissions()
            .mode()
            & 0o7777
    }

    fn set(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_others_may_do_is_taken_and_the_rest_stays() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        private_options()
            .write(true)
            .create(true)
            .open(&file)
            .unwrap();
        assert_eq!(exposed(&file), None);
        for (path, before, after) in [
            (file.as_path(), 0o644, 0o600),
            (directory.path(), 0o775, 0o700),
        ] {
            set(path, before);
            assert_eq!(exposed(path), Some(before));
            close(path).unwrap();
            assert_eq!((mode(path), exposed(path)), (after, None));
        }
    }

    #[test]
    fn a_link_is_neither_looked_at_nor_followed() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        private_options()
            .write(true)
            .create(true)
            .open(&file)
            .unwrap();
        set(&file, 0o644);
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(exposed(&link), None);
        assert!(close(&link).is_err());
        assert_eq!(mode(&file), 0o644);
    }

    /// SQLite keeps locks on the ledger while its mode is repaired: closing any other handle that
    /// reads it would release them.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_change_of_the_mode_releases_no_lock() {
        use std::os::unix::fs::MetadataExt as _;

        use rustix::fs::{FlockOperation, fcntl_lock};

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let file = private_options()
            .write(true)
            .create(true)
            .open(&path)
            .unwrap();
        fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).unwrap();
        let number = file.metadata().unwrap().ino().to_string();
        let is_locked = || {
            let locks = std::fs::read_to_string("/proc/locks").unwrap();
            locks.split([' ', ':', '\n']).any(|word| word == number)
        };
        assert!(is_locked());
        set(&path, 0o644);
        assert!(tighten(&path));
        assert_eq!(mode(&path), 0o600);
        set(&path, 0o664);
        close(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert!(is_locked());
        drop(std::fs::File::open(&path));
        assert!(!is_locked(), "the test sees a lock that is released");
    }
}
