//! Replaces files atomically, so that neither a crash nor another process sees or leaves a partial
//! file.
//!
//! The replacement is written beside the file and synced; the comparison with the expected content
//! happens after that, right before the rename.

use std::fs::{File, Metadata, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::FileError;
use crate::leftover::{self, PREFIX, RANDOM};
use crate::place::{Place, directory_of, follow};
use crate::read::read;

/// Permissions of a replaced file. A new file is for its owner only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// Owner only: an existing mode is kept where it is stricter than 0600.
    Private,
    /// Unchanged: mode and owner are kept.
    Kept,
    /// Readable by those who may read the directory; writable by its owner only.
    OfDirectory,
}

/// New content, written incrementally beside the file. Dropping it leaves the file unchanged. A
/// symbolic link stays, and its target is replaced.
#[derive(Debug)]
pub struct Replacement {
    path: PathBuf,
    target: PathBuf,
    rights: Rights,
    file: NamedTempFile,
}

impl Replacement {
    /// Starts writing the replacement of the file at `path`, which may not exist yet. Sweeps
    /// leftovers of killed writers beside it.
    ///
    /// # Errors
    /// `NotAFile`, `Circle`, `Read`, `Write`.
    pub fn begin(path: &Path, rights: Rights) -> Result<Self, FileError> {
        let place = Place::of(path)?;
        let file = beside(place.target(), place.metadata(), rights)
            .map_err(|source| write_error(path, source))?;
        Ok(Self {
            path: path.to_owned(),
            target: place.target().to_owned(),
            rights,
            file,
        })
    }

    /// Syncs the content and its permissions to disk. The file is still unchanged.
    ///
    /// # Errors
    /// `Write`.
    pub fn prepare(self) -> Result<Prepared, FileError> {
        let existing = std::fs::symlink_metadata(&self.target).ok();
        let prepared = match (self.rights, &existing) {
            (Rights::Kept, Some(existing)) => give(self.file.as_file(), existing),
            (Rights::OfDirectory, _) => share(self.file.as_file(), directory_of(&self.target)),
            (Rights::Kept, None) | (Rights::Private, _) => Ok(()),
        };
        prepared
            .and_then(|()| self.file.as_file().sync_all())
            .map_err(|source| write_error(&self.path, source))?;
        Ok(Prepared(self))
    }

    /// Wraps an error from writing to it.
    #[must_use]
    pub fn failed(&self, source: io::Error) -> FileError {
        write_error(&self.path, source)
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

/// New content, synced to disk and ready to be renamed.
#[derive(Debug)]
pub struct Prepared(Replacement);

impl Prepared {
    /// Replaces the file unconditionally.
    ///
    /// # Errors
    /// `MountPoint`, `Write`; the file is left unchanged.
    pub fn take_place(self) -> Result<(), FileError> {
        let Replacement {
            path, target, file, ..
        } = self.0;
        file.persist(&target)
            .map_err(|error| rename_error(&path, &target, error.error))?;
        sync_directory(&target);
        Ok(())
    }

    /// Replaces the file if its content still is `expected`; `None` means that it must not exist.
    /// The file is read immediately before the rename.
    ///
    /// # Errors
    /// `Changed`, also when its links changed; `MountPoint`, `NotAFile`, `Circle`, `Read`, `Write`.
    /// The file is left unchanged.
    pub fn take_place_of(self, expected: Option<&[u8]>) -> Result<(), FileError> {
        let replacement = &self.0;
        let changed = || FileError::Changed {
            path: replacement.path.clone(),
        };
        if follow(&replacement.path)? != replacement.target {
            return Err(changed());
        }
        let Some(expected) = expected else {
            return self.become_file();
        };
        if !has_content(&replacement.target, expected)? {
            return Err(changed());
        }
        self.take_place()
    }

    /// Renames only if the name is free.
    fn become_file(self) -> Result<(), FileError> {
        let Replacement {
            path, target, file, ..
        } = self.0;
        match file.persist_noclobber(&target) {
            Ok(_) => {
                sync_directory(&target);
                Ok(())
            }
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
                Err(FileError::Changed { path })
            }
            // A file system without hard links, such as many network mounts, cannot rename
            // exclusively: a check beforehand has to do.
            Err(error) if std::fs::symlink_metadata(&target).is_err() => {
                error
                    .file
                    .persist(&target)
                    .map_err(|error| write_error(&path, error.error))?;
                sync_directory(&target);
                Ok(())
            }
            Err(error) => Err(write_error(&path, error.error)),
        }
    }
}

/// Creates the file at `path` with mode 0600, and reports whether it did: anything existing, even a
/// symbolic link, is left unchanged. Sweeps leftovers of killed writers beside it.
///
/// # Errors
/// `Write`.
pub fn create(path: &Path, content: &[u8]) -> Result<bool, FileError> {
    let file = beside(path, None, Rights::Private)
        .and_then(|mut file| {
            file.write_all(content)?;
            file.as_file().sync_all()?;
            Ok(file)
        })
        .map_err(|source| write_error(path, source))?;
    match file.persist_noclobber(path) {
        Ok(_) => {
            sync_directory(path);
            Ok(true)
        }
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(write_error(path, error.error)),
    }
}

/// Removes the file at `path` if its content still is `expected`. A symbolic link to it stays.
///
/// # Errors
/// `Changed`, `MountPoint`, `NotAFile`, `Circle`, `Read`, `Write`; the file is left unchanged.
pub fn remove_if(path: &Path, expected: &[u8]) -> Result<(), FileError> {
    let place = Place::of(path)?;
    if !has_content(place.target(), expected)? {
        return Err(FileError::Changed {
            path: path.to_owned(),
        });
    }
    std::fs::remove_file(place.target())
        .map_err(|source| rename_error(path, place.target(), source))?;
    sync_directory(place.target());
    Ok(())
}

/// Whether the file at `target` exists with this content.
fn has_content(target: &Path, expected: &[u8]) -> Result<bool, FileError> {
    match read(target, expected.len() as u64) {
        Ok(found) => Ok(found.as_deref() == Some(expected)),
        Err(FileError::TooLarge { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

fn beside(target: &Path, existing: Option<&Metadata>, rights: Rights) -> io::Result<NamedTempFile> {
    let directory = directory_of(target);
    leftover::sweep(directory);
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).rand_bytes(RANDOM);
    if let Some(permissions) = first_permissions(existing, rights) {
        builder.permissions(permissions);
    }
    let file = builder.tempfile_in(directory)?;
    leftover::mark(&file);
    Ok(file)
}

/// Permissions of the file while it is being written.
#[cfg(unix)]
fn first_permissions(existing: Option<&Metadata>, rights: Rights) -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt as _;

    use crate::private::PRIVATE;

    let mode = match (rights, existing) {
        (Rights::Private, Some(found)) => found.permissions().mode() & PRIVATE,
        (Rights::Private, None) | (Rights::Kept | Rights::OfDirectory, _) => PRIVATE,
    };
    Some(Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn first_permissions(_existing: Option<&Metadata>, _rights: Rights) -> Option<Permissions> {
    None
}

/// Gives `file` the owner and mode of `existing`.
fn give(file: &File, existing: &Metadata) -> io::Result<()> {
    let new = file.metadata()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;

        if (new.uid(), new.gid()) != (existing.uid(), existing.gid()) {
            std::os::unix::fs::fchown(file, Some(existing.uid()), Some(existing.gid()))?;
        }
    }
    // A file system without modes refuses to set one; all its files have the same mode anyway.
    if new.permissions() == existing.permissions() {
        return Ok(());
    }
    file.set_permissions(existing.permissions())
}

/// Makes `file` readable by those who may read `directory`.
#[cfg(unix)]
fn share(file: &File, directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    use crate::private::PRIVATE;

    let readers = std::fs::metadata(directory)?.permissions().mode() & 0o444;
    let wanted = PRIVATE | readers;
    // A file system without modes refuses to set one.
    if file.metadata()?.permissions().mode() & 0o777 == wanted {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(wanted))
}

/// Windows has no modes: the directory's permissions apply.
#[cfg(not(unix))]
fn share(_file: &File, _directory: &Path) -> io::Result<()> {
    Ok(())
}

/// Best effort: the rename already took effect.
fn sync_directory(target: &Path) {
    drop(File::open(directory_of(target)).and_then(|directory| directory.sync_all()));
}

fn write_error(path: &Path, source: io::Error) -> FileError {
    FileError::Write {
        path: path.to_owned(),
        source,
    }
}

/// The system reports a mount point as busy.
fn rename_error(path: &Path, target: &Path, source: io::Error) -> FileError {
    match source.kind() {
        ErrorKind::ResourceBusy => FileError::MountPoint {
            path: target.to_owned(),
        },
        _ => write_error(path, source),
    }
}
