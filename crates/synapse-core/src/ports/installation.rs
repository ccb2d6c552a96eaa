//! The port of an installation: the facts of this machine that its checks need.

use std::fmt;

use async_trait::async_trait;

use crate::credential::CredentialRef;
use crate::error::{EntryScope, Failure};

/// The facts of an installation. Judges nothing, opens no socket and reads no referenced secret.
#[async_trait]
pub trait Installation: Send + Sync + fmt::Debug {
    /// Whether core dumps of this process are off, as far as the system says so.
    fn dumps_are_off(&self) -> bool;

    /// The distinct programs of our name on `PATH`, in the order in which a shell finds them.
    fn programs(&self) -> Vec<String>;

    /// Our entries in the files of clients; `None` if the files cannot be found here.
    fn entries(&self) -> Option<InstalledEntries>;

    /// Synapse's own directory and the files in it.
    fn home(&self) -> HomeState;

    /// Reads the settings beside the connections. Calls go on without them, so a mistake there shows
    /// nowhere else.
    ///
    /// # Errors
    /// `config.*`, `endpoint.invalid-url`, or `storage.*` if the file cannot be read.
    fn settings(&self) -> Result<(), Failure>;

    /// How the local vault is sealed, from its header; `None` without a vault.
    ///
    /// # Errors
    /// `credential.vault-*` if it is damaged, `storage.*`.
    fn vault(&self) -> Result<Option<&'static str>, Failure>;

    /// The place of a credential that was not read, in words.
    fn unread(&self, reference: &CredentialRef) -> String;

    /// Tokens in configuration files that should be references.
    async fn exposed_tokens(&self) -> ExposedTokens;
}

/// Our entries in the files of clients.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstalledEntries {
    /// This program.
    pub running: String,
    /// The entries.
    pub entries: Vec<InstalledEntry>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledEntry {
    /// The id of its client.
    pub client: String,
    /// Its scope.
    pub scope: EntryScope,
    /// Its file.
    pub file: String,
    /// The program that it starts, if that exists and is not this one.
    pub starts_another: Option<String>,
}

/// The state of Synapse's own directory.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HomeState {
    /// Flaws that prevent Synapse from using its files.
    pub flaws: Vec<Failure>,
    /// Flaws that do not, but should be known.
    pub doubts: Vec<Failure>,
    /// Why nothing can be written there, if so.
    pub unwritable: Option<Failure>,
    /// Whether the access of other users can be checked on this system.
    pub shows_access: bool,
}

/// Tokens in configuration files.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExposedTokens {
    /// The number of files that exist and could be read.
    pub files: usize,
    /// A failure for each exposed file with a token: git tracks it, or it is Synapse's.
    pub broken: Vec<Failure>,
    /// A failure for each other file with a token.
    pub questionable: Vec<Failure>,
}
