//! Replaces files as a whole, so that neither a crash nor another process ever sees or leaves half
//! a file.
//!
//! A replacement is written beside the file and synced; whether the file still is what the caller
//! saw is looked at after that, right before the rename.

use std::fs::{File, Metadata, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::FileError;
use crate::leftover::{self, PREFIX, RANDOM};
use crate::place::{Place, directory_of, follow};
use crate::read::read;

/// Who may use a replaced file. A new file is for its owner alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// Its owner alone: an existing mode is kept where it is stricter than 0600.
    Private,
    /// Whoever might before: it keeps mode and owner.
    Kept,
    /// Whoever may read the directory may read it; its owner alone may write it.
    OfDirectory,
}

/// New content that is written piece by piece beside the file. Dropped, it leaves the file as it
/// was. A symbolic link stays, and the file that it leads to is replaced.
#[derive(Debug)]
pub struct Replacement {
    path: PathBuf,
    target: PathBuf,
    rights: Rights,
    file: NamedTempFile,
}

impl Replacement {
    /// Begins to write what is to replace the file at `path`, or is to become it. Sweeps what a
    /// killed writer left beside it.
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

    /// Puts the content and its rights on disk. The file is still as it was.
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

    /// The error of a write to it.
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

/// New content that is on disk and lacks nothing but the name.
#[derive(Debug)]
pub struct Prepared(Replacement);

impl Prepared {
    /// Puts it in the place of the file, whatever that is by now.
    ///
    /// # Errors
    /// `MountPoint`, `Write`; the file is left as it was.
    pub fn take_place(self) -> Result<(), FileError> {
        let Replacement {
            path, target, file, ..
        } = self.0;
        file.persist(&target)
            .map_err(|error| rename_error(&path, &target, error.error))?;
        sync_directory(&target);
        Ok(())
    }

    /// Puts it in the place of the file if that still has the content `expected`; `None` is no
    /// file. The file is read immediately before the rename, and one that is not there is made
    /// only if it still is not.
    ///
    /// # Errors
    /// `Changed`, also when its links lead elsewhere by now; `MountPoint`, `NotAFile`, `Circle`,
    /// `Read`, `Write`. The file is left as it was.
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

    /// Takes the name only if nothing has it.
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
            // A file system without links, as many that are mounted over a network, cannot take a
            // name only if it is free: there a look has to do.
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

/// Creates the file at `path` with mode 0600 and says whether it did: what is there already, a
/// symbolic link too, is left as it is. Sweeps what a killed writer left beside it.
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

/// Removes the file at `path` if it still has the content `expected`. A symbolic link to it stays.
///
/// # Errors
/// `Changed`, `MountPoint`, `NotAFile`, `Circle`, `Read`, `Write`; the file is left as it was.
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

/// Whether the file at `target` has this content; one that is not there has none.
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

/// What a file has while it is written.
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
    // A file system that keeps no modes refuses to set one, and all of them are the same there.
    if new.permissions() == existing.permissions() {
        return Ok(());
    }
    file.set_permissions(existing.permissions())
}

/// Lets those read `file` who may read `directory`.
#[cfg(unix)]
fn share(file: &File, directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    use crate::private::PRIVATE;

    let readers = std::fs::metadata(directory)?.permissions().mode() & 0o444;
    let wanted = PRIVATE | readers;
    // A file system that keeps no modes refuses to set one.
    if file.metadata()?.permissions().mode() & 0o777 == wanted {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(wanted))
}

/// Modes are not of this system: the directory says who may read a file.
#[cfg(not(unix))]
fn share(_file: &File, _directory: &Path) -> io::Result<()> {
    Ok(())
}

/// The new name is in force by now: a directory that cannot be synced is no failure to report.
fn sync_directory(target: &Path) {
    drop(File::open(directory_of(target)).and_then(|directory| directory.sync_all()));
}

fn write_error(path: &Path, source: io::Error) -> FileError {
    FileError::Write {
        path: path.to_owned(),
        source,
    }
}

/// The system calls a mount point busy.
fn rename_error(path: &Path, target: &Path, source: io::Error) -> FileError {
    match source.kind() {
        ErrorKind::ResourceBusy => FileError::MountPoint {
            path: target.to_owned(),
        },
        _ => write_error(path, source),
    }
}
