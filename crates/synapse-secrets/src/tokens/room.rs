//! Disk space reserved before new tokens are requested: a refresh may spend the old ones, and a disk
//! that fills up meanwhile must not keep the new ones from being stored.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use synapse_core::Failure;
use synapse_files::private_options;
use synapse_home::failure::writing;

use super::document;

/// A file as large as the largest record. Dropping it releases the space.
#[derive(Debug)]
pub(super) struct Room(PathBuf);

impl Room {
    /// Reserves space at `path`, whose lock the caller holds. Replaces a leftover.
    ///
    /// # Errors
    /// `storage.disk-full`, `storage.read-only`, `storage.unavailable`; no file remains.
    pub(super) fn take(path: PathBuf) -> Result<Self, Failure> {
        match fill(&path) {
            Ok(()) => Ok(Self(path)),
            Err(error) => {
                std::fs::remove_file(&path).ok();
                Err(writing(&path, &error))
            }
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // Best effort: the next reservation replaces a leftover.
        std::fs::remove_file(&self.0).ok();
    }
}

fn fill(path: &Path) -> std::io::Result<()> {
    std::fs::remove_file(path).ok();
    let mut file = private_options().write(true).create_new(true).open(path)?;
    file.write_all(&vec![b'\n'; SIZE])
}

/// The largest record, plus file system overhead.
const SIZE: usize = document::CAP as usize + 64 * 1024;
