//! The files of other programs: read as they are, replaced as a whole, locked among ourselves. A
//! file keeps its mode and owner, and a symbolic link stays one.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use synapse_core::{Code, Failure};

use crate::failure::{shown, unfit, unusable};

/// Reads the file at `path`, following links; `None` when nothing is there.
///
/// # Errors
/// `ide.file-unusable` when it is no regular file, larger than 64 MiB, or the system refuses.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let found = match std::fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // A link that leads nowhere is a file that is not there yet.
            return Ok(None);
        }
        Err(error) => return Err(unusable(path, "read", &error)),
    };
    if !found.is_file() {
        return Err(unfit(path, "no regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes))
        .map_err(|error| unusable(path, "read", &error))?;
    if bytes.len() as u64 > LIMIT {
        return Err(unfit(path, "larger than 64 MiB"));
    }
    Ok(Some(bytes))
}

/// Where the symbolic links at `path` lead, also when nothing is there yet.
///
/// # Errors
/// `ide.file-unusable` for links in a circle.
pub(crate) fn target(path: &Path) -> Result<PathBuf, Failure> {
    let mut current = path.to_owned();
    for _ in 0..MAX_LINKS {
        match std::fs::read_link(&current) {
            Ok(next) => current = current.parent().unwrap_or(Path::new("")).join(next),
            // Not a link, or not there.
            Err(_) => return Ok(current),
        }
    }
    Err(unfit(path, "a link in a circle"))
}

/// Whether a file at `path` may be replaced: it is regular and not read-only, or not there.
///
/// # Errors
/// `ide.file-unusable`.
pub(crate) fn writable(path: &Path) -> Result<(), Failure> {
    let target = target(path)?;
    match std::fs::symlink_metadata(&target) {
        Ok(found) if !found.is_file() => Err(unfit(path, "no regular file")),
        // Its mode is somebody's decision, even where the system would let us.
        Ok(found) if found.permissions().readonly() => Err(unfit(path, "read-only")
            .hint("make it writable if you want Synapse to change it, then try again")),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(unusable(path, "written", &error)),
    }
}

/// Replaces the file at `path`, or makes it with the directories above it.
///
/// A reader sees the old or the new content, never a part. An existing file keeps its mode and
/// owner; a new one is for its owner alone.
///
/// # Errors
/// `ide.file-unusable`; the file is left as it was.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), Failure> {
    writable(path)?;
    let target = target(path)?;
    let existing = std::fs::metadata(&target).ok();
    write_beside(&target, existing.as_ref(), content)
        .map_err(|error| unusable(path, "written", &error))
}

/// Removes the file at `path`. A link to it stays.
///
/// # Errors
/// `ide.file-unusable`.
pub(crate) fn delete(path: &Path) -> Result<(), Failure> {
    writable(path)?;
    std::fs::remove_file(target(path)?).map_err(|error| unusable(path, "removed", &error))
}

fn write_beside(target: &Path, existing: Option<&Metadata>, content: &[u8]) -> io::Result<()> {
    let directory = match target.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    if !directory.is_dir() {
        DirBuilder::new().recursive(true).create(directory)?;
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".synapse-");
    let mut file = builder.tempfile_in(directory)?;
    file.write_all(content)?;
    if let Some(existing) = existing {
        keep_owner(file.as_file(), existing)?;
        file.as_file().set_permissions(existing.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(target)?;
    // The new name is in force by now: a directory that cannot be synced is no failure to report.
    drop(File::open(directory).and_then(|directory| directory.sync_all()));
    Ok(())
}

#[cfg(unix)]
fn keep_owner(file: &File, existing: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;

    let new = file.metadata()?;
    if (new.uid(), new.gid()) != (existing.uid(), existing.gid()) {
        std::os::unix::fs::fchown(file, Some(existing.uid()), Some(existing.gid()))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn keep_owner(_file: &File, _existing: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Writes a file of our own, for its owner alone, with the directories above it.
///
/// # Errors
/// `storage.unavailable`.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let write = || {
        private_directories().create(directory)?;
        let mut file = tempfile::Builder::new()
            .prefix(".synapse-")
            .tempfile_in(directory)?;
        file.write_all(content)?;
        file.as_file().set_permissions(private(file.as_file())?)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|error: io::Error| own_file(path, &error))
}

/// The failure of one of our own files.
pub(crate) fn own_file(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Code::StorageUnavailable,
        format!("{} cannot be used", shown(path)),
    )
    .caused_by(error)
    .hint("check the permissions of the directory, or set SYNAPSE_HOME to another one")
    .with("file", shown(path))
}

#[cfg(unix)]
fn private(_file: &File) -> io::Result<Permissions> {
    use std::os::unix::fs::PermissionsExt as _;

    Ok(Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn private(file: &File) -> io::Result<Permissions> {
    Ok(file.metadata()?.permissions())
}

fn private_directories() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder
}

/// Held while a file of a client is changed, so that two of us do not work on one.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Lock {
    /// Takes the lock at `path`, making its file, and waits at most `patience`.
    ///
    /// # Errors
    /// `storage.locked`, `storage.unavailable`.
    pub(crate) fn acquire(path: &Path, patience: Duration) -> Result<Self, Failure> {
        let directory = path.parent().unwrap_or(Path::new("."));
        let file = private_directories()
            .create(directory)
            .and_then(|()| {
                OpenOptions::new()
                    .read(true)
                    .append(true)
                    .create(true)
                    .open(path)
            })
            .map_err(|error| own_file(path, &error))?;
        let deadline = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::Error(error)) => return Err(own_file(path, &error)),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(POLL);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(Failure::new(
                        Code::StorageLocked,
                        format!("another process holds {}", shown(path)),
                    )
                    .hint("look for a hanging synapse process, then try again")
                    .with("file", shown(path)));
                }
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        drop(self.0.unlock());
    }
}

const LIMIT: u64 = 64 * 1024 * 1024;
const MAX_LINKS: usize = 40;
const POLL: Duration = Duration::from_millis(5);
