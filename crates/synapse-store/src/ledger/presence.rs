//! Tells whether the process that opened a row still lives: each holds a lock on a file of its own
//! for as long as it does, and the operating system lets go of it however the process ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use synapse_core::Failure;
use synapse_files::Home;
use uuid::Uuid;

use crate::atomic::create_directory;
use crate::failure::writing;

/// A fresh id for a process that writes.
///
/// The time in it helps whoever looks into the directory, and 74 bits are random. It is of version
/// 8, because processes of older formats had version 7: those did not note in a row that its
/// request left.
pub(super) fn writer_id() -> Uuid {
    uuid::Builder::from_bytes(Uuid::now_v7().into_bytes())
        .with_version(uuid::Version::Custom)
        .into_uuid()
}

/// Whether the process `writer` notes in a row that its request leaves.
pub(super) fn notes_sending(writer: Uuid) -> bool {
    writer.get_version_num() == 8
}

/// The sign of life of this process. Dropping it takes the sign away.
#[derive(Debug)]
pub(super) struct Presence {
    path: PathBuf,
    _file: File,
}

/// A process that is gone, whose rows nobody else completes while this is held.
#[derive(Debug)]
pub(super) struct Departed {
    /// The id under which it wrote.
    pub(super) writer: Uuid,
    /// Its file and our lock on it; `None` when there was no file left.
    sign: Option<(PathBuf, File)>,
}

impl Presence {
    /// Gives the sign of life of `writer`.
    pub(super) fn announce(home: &Home, writer: Uuid) -> Result<Self, Failure> {
        let directory = home.run();
        create_directory(&directory)?;
        let path = sign(&directory, writer);
        let failure = |error: &std::io::Error| writing(&path, error);
        // Locked before it takes its name, so that nobody ever finds it unlocked.
        let file = tempfile::Builder::new()
            .prefix(".new-")
            .tempfile_in(&directory)
            .map_err(|error| failure(&error))?;
        match file.as_file().try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(failure(&error)),
            Err(TryLockError::WouldBlock) => {
                return Err(failure(&ErrorKind::WouldBlock.into()));
            }
        }
        let file = file
            .persist_noclobber(&path)
            .map_err(|error| failure(&error.error))?;
        Ok(Self { path, _file: file })
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        // A sign that cannot be removed is found unlocked, which means the same.
        drop(std::fs::remove_file(&self.path));
    }
}

impl Departed {
    /// Whether `writer` is gone. When that cannot be told, it is taken to live.
    pub(super) fn check(home: &Home, writer: Uuid) -> Option<Self> {
        let path = sign(&home.run(), writer);
        match OpenOptions::new().read(true).open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Some(Self { writer, sign: None }),
            Err(_) => None,
            Ok(file) => file.try_lock().is_ok().then_some(Self {
                writer,
                sign: Some((path, file)),
            }),
        }
    }

    /// Removes the sign that the process left, once its rows are completed.
    pub(super) fn bury(self) {
        if let Some((path, _file)) = self.sign {
            drop(std::fs::remove_file(path));
        }
    }
}

/// Removes the signs of processes that ended without open rows and without a farewell.
pub(super) fn clean(home: &Home) {
    let Ok(entries) = std::fs::read_dir(home.run()) else {
        return;
    };
    let departed = entries
        .filter_map(Result::ok)
        .filter_map(|entry| writer_of(&entry.path()))
        .filter_map(|writer| Departed::check(home, writer));
    departed.for_each(Departed::bury);
}

/// Whether any process that writes lives.
pub(super) fn is_anybody_there(home: &Home) -> bool {
    let Ok(entries) = std::fs::read_dir(home.run()) else {
        return false;
    };
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| writer_of(&entry.path()))
        .any(|writer| Departed::check(home, writer).is_none())
}

fn sign(directory: &Path, writer: Uuid) -> PathBuf {
    directory.join(format!("{writer}.{EXTENSION}"))
}

fn writer_of(path: &Path) -> Option<Uuid> {
    let name = path.file_name()?.to_str()?;
    let (id, extension) = name.split_once('.')?;
    (extension == EXTENSION)
        .then(|| Uuid::parse_str(id).ok())
        .flatten()
}

const EXTENSION: &str = "lock";
