//! The one directory of Synapse and the names of the files in it. Knows no environment.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use synapse_core::{Code, Failure};

use crate::failure::{shown, writing};

/// The directory in which Synapse keeps its files: `$SYNAPSE_HOME`, or `~/.synapse`.
///
/// Making a `Home` touches nothing. The directory is created, for its owner alone, by the first
/// write; reading never creates it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    directory: PathBuf,
}

impl Home {
    /// The home at `directory`.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    /// The directory itself.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The connections, for people to read and edit.
    #[must_use]
    pub fn connections(&self) -> PathBuf {
        self.directory.join("connections.toml")
    }

    /// The ledger, an SQLite database.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.directory.join("ledger.db")
    }

    /// The local vault of secrets, an age file.
    #[must_use]
    pub fn vault(&self) -> PathBuf {
        self.directory.join("vault.age")
    }

    /// Where the Vault server is, for people to read and edit.
    #[must_use]
    pub fn vault_server(&self) -> PathBuf {
        self.directory.join("vault.toml")
    }

    /// Held while the local vault is changed.
    pub(crate) fn vault_lock(&self) -> PathBuf {
        self.directory.join("vault.age.lock")
    }

    /// Held while connections.toml is changed.
    pub(crate) fn connections_lock(&self) -> PathBuf {
        self.directory.join("connections.toml.lock")
    }

    /// Held while the ledger is created or migrated.
    pub(crate) fn ledger_lock(&self) -> PathBuf {
        self.directory.join("ledger.lock")
    }

    /// Holds one locked file for every process that has open rows in the ledger.
    pub(crate) fn run(&self) -> PathBuf {
        self.directory.join("run")
    }

    /// Creates the directory with mode 0700 when it is not there. An existing one is left as it is.
    ///
    /// # Errors
    /// `storage.read-only`, `storage.disk-full`, `storage.unavailable`.
    pub fn create(&self) -> Result<(), Failure> {
        create_directory(&self.directory)
    }
}

/// Creates `directory` for its owner alone, unless it is there.
pub(crate) fn create_directory(directory: &Path) -> Result<(), Failure> {
    match std::fs::metadata(directory) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => return Err(no_directory(directory)),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(writing(directory, &error)),
    }
    private_builder()
        .create(directory)
        .map_err(|error| writing(directory, &error))
}

fn no_directory(path: &Path) -> Failure {
    Failure::new(
        Code::StorageUnavailable,
        format!("{} is not a directory", shown(path)),
    )
    .hint("move it away, or set SYNAPSE_HOME to another directory")
    .with("file", shown(path))
}

fn private_builder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder
}
