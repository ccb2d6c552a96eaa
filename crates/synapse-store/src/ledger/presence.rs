//! Detects whether the process that opened a row is alive: each process holds a lock on its own
//! file, released by the operating system however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use synapse_core::Failure;
use synapse_home::Home;
use synapse_home::atomic::create_directory;
use synapse_home::failure::writing;
use uuid::Uuid;

/// Creates an id for a writing process.
///
/// Its time helps readers of the directory; 74 bits are random. Version 8, because older formats
/// used version 7: their processes did not record in a row that its request was sent.
pub(super) fn writer_id() -> Uuid {
    uuid::Builder::from_bytes(Uuid::now_v7().into_bytes())
        .with_version(uuid::Version::Custom)
        .into_uuid()
}

/// Whether the process `writer` records in a row that its request is sent.
pub(super) fn notes_sending(writer: Uuid) -> bool {
    writer.get_version_num() == 8
}

/// The presence lock of this process, released on drop.
#[derive(Debug)]
pub(super) struct Presence {
    path: PathBuf,
    _file: File,
}

/// A dead process, whose rows nobody else completes while this is held.
#[derive(Debug)]
pub(super) struct Departed {
    /// Its writer id.
    pub(super) writer: Uuid,
    /// Its file and our lock on it; `None` if there was no file.
    sign: Option<(PathBuf, File)>,
}

impl Presence {
    /// Announces `writer`.
    pub(super) fn announce(home: &Home, writer: Uuid) -> Result<Self, Failure> {
        let directory = home.run();
        create_directory(&directory)?;
        let path = sign(&directory, writer);
        let failure = |error: &std::io::Error| writing(&path, error);
        // Locked before it gets its name, so that it is never found unlocked.
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
        // Best effort: a leftover unlocked file has the same meaning.
        drop(std::fs::remove_file(&self.path));
    }
}

impl Departed {
    /// Whether `writer` is dead. If that is unknown, it counts as alive.
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

    /// Removes the file of the dead process, once its rows are completed.
    pub(super) fn bury(self) {
        if let Some((path, _file)) = self.sign {
            drop(std::fs::remove_file(path));
        }
    }
}

/// Removes the files of dead processes without open rows.
pub(super) fn clean(home: &Home) {
    let Ok(entries) = std::fs::read_dir(home.run()) else {
        return;
    };
    let departed = entries
        .filter_map(Result::ok)
        .filter_map(|entry| writer_of(&entry.path(), EXTENSION))
        .filter_map(|writer| Departed::check(home, writer));
    departed.for_each(Departed::bury);
}

/// Whether any writing process is alive.
pub(super) fn is_anybody_there(home: &Home) -> bool {
    let Ok(entries) = std::fs::read_dir(home.run()) else {
        return false;
    };
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| writer_of(&entry.path(), EXTENSION))
        .any(|writer| Departed::check(home, writer).is_none())
}

fn sign(directory: &Path, writer: Uuid) -> PathBuf {
    directory.join(format!("{writer}.{EXTENSION}"))
}

/// The process that a file with this extension is called after.
pub(super) fn writer_of(path: &Path, extension: &str) -> Option<Uuid> {
    let name = path.file_name()?.to_str()?;
    let (id, found) = name.split_once('.')?;
    (found == extension)
        .then(|| Uuid::parse_str(id).ok())
        .flatten()
}

const EXTENSION: &str = "lock";
