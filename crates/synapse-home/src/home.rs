//! The directory of Synapse and the names of its files. Does not read the environment.

use std::path::{Path, PathBuf};

use synapse_files::{Distrust, FileError, create_directory, examine};

/// The directory of Synapse's files: `$SYNAPSE_HOME`, or `~/.synapse`.
///
/// Constructing a `Home` touches nothing. The first write creates the directory, for its owner
/// alone; reading never does.
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

    /// The upstream servers, for people to read and edit.
    #[must_use]
    pub fn mcp_servers(&self) -> PathBuf {
        self.directory.join("mcp-servers.json")
    }

    /// Approvals and logs of upstream servers.
    #[must_use]
    pub fn hub(&self) -> PathBuf {
        self.directory.join("hub")
    }

    /// Stderr of upstream servers, by configuration file.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.hub().join("logs")
    }

    /// One locked file for every upstream server that runs.
    #[must_use]
    pub fn running(&self) -> PathBuf {
        self.hub().join("running")
    }

    /// The approvals of upstream servers, by configuration file.
    #[must_use]
    pub fn approvals(&self) -> PathBuf {
        self.hub().join("approvals")
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

    /// The address of the Vault server, for people to read and edit.
    #[must_use]
    pub fn vault_server(&self) -> PathBuf {
        self.directory.join("vault.toml")
    }

    /// The usual directory of credential files.
    #[must_use]
    pub fn secrets(&self) -> PathBuf {
        self.directory.join("secrets")
    }

    /// The journal of changes to files of IDEs, with their backups.
    #[must_use]
    pub fn ide(&self) -> PathBuf {
        self.directory.join("ide")
    }

    /// Token records of upstream logins, and their locks.
    #[must_use]
    pub fn oauth(&self) -> PathBuf {
        self.directory.join("oauth")
    }

    /// The configured token store, for people to read and edit.
    #[must_use]
    pub fn oauth_settings(&self) -> PathBuf {
        self.directory.join("oauth.toml")
    }

    /// Held while the local vault is changed.
    #[must_use]
    pub fn vault_lock(&self) -> PathBuf {
        self.directory.join("vault.age.lock")
    }

    /// Held while connections.toml is changed.
    #[must_use]
    pub fn connections_lock(&self) -> PathBuf {
        self.directory.join("connections.toml.lock")
    }

    /// Held while the ledger is created or migrated.
    #[must_use]
    pub fn ledger_lock(&self) -> PathBuf {
        self.directory.join("ledger.lock")
    }

    /// Held exclusively while the ledger is repaired, and shared while it is opened for writing.
    #[must_use]
    pub fn repair_lock(&self) -> PathBuf {
        self.directory.join("ledger.repair.lock")
    }

    /// The name of this machine in datasets.
    #[must_use]
    pub fn machine(&self) -> PathBuf {
        self.directory.join("machine.json")
    }

    /// Held while calls are exported to a dataset.
    #[must_use]
    pub fn machine_lock(&self) -> PathBuf {
        self.directory.join("machine.json.lock")
    }

    /// Rows that could not be written to the ledger yet.
    #[must_use]
    pub fn spool(&self) -> PathBuf {
        self.directory.join("ledger.spool")
    }

    /// Has one locked file for every process that has open rows in the ledger.
    #[must_use]
    pub fn run(&self) -> PathBuf {
        self.directory.join("run")
    }

    /// Creates the directory with mode 0700 if it is missing. An existing one is left unchanged.
    ///
    /// # Errors
    /// `NotADirectory`, `Write`.
    pub fn create(&self) -> Result<(), FileError> {
        create_directory(&self.directory)
    }

    /// Checks whether others can change `file`, in the home, or the directory. A missing file
    /// passes.
    ///
    /// # Errors
    /// The [`Distrust`].
    pub fn rely_on(&self, file: &Path) -> Result<(), Distrust> {
        examine(&self.directory)?;
        examine(file)
    }
}
