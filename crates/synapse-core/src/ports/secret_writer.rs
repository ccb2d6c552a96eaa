//! Changes the places of credentials, and asks their owner for passphrases. Reading for calls is in
//! `SecretResolver`; nothing here serves a call.

use std::fmt;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::credential::CredentialRef;
use crate::error::Failure;

/// Whether a secret must be new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// The place must be empty.
    Create,
    /// An existing secret is replaced.
    Replace,
}

/// A place that can list its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shelf {
    /// The system's keyring: the items of the service `synapse`.
    Keyring,
    /// Synapse's own encrypted vault.
    LocalVault,
}

/// The result of storing a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its place, in words: `the file /home/…`.
    pub place: String,
    /// Notes for the owner, for example about a new key file.
    pub notes: Vec<String>,
}

/// Changes the places of secrets, for their owner's commands.
///
/// Never reveals a value, a part of one or its length.
#[async_trait]
pub trait SecretWriter: Send + Sync + fmt::Debug {
    /// The place of `reference`, in words. Opens nothing except a server's configuration file.
    fn place(&self, reference: &CredentialRef) -> String;

    /// Whether Synapse can write there. Touches nothing.
    ///
    /// # Errors
    /// `credential.store-read-only`, with the native command.
    fn writable(&self, reference: &CredentialRef) -> Result<(), Failure>;

    /// Checks that `reference` is unused, before asking for a value. Opens the local vault, asking
    /// for its passphrase.
    ///
    /// # Errors
    /// `credential.exists`, `credential.*` of the place.
    async fn expect_none(&self, reference: &CredentialRef) -> Result<(), Failure>;

    /// Stores `value`, which must be one line of visible ASCII.
    ///
    /// # Errors
    /// `credential.exists` or `credential.missing` depending on `writing`, `credential.*` for the
    /// value and the place, `storage.*`. The place is left unchanged.
    async fn keep(
        &self,
        reference: &CredentialRef,
        value: SecretString,
        writing: Writing,
    ) -> Result<Kept, Failure>;

    /// Removes the secret of `reference` permanently.
    ///
    /// # Errors
    /// `credential.missing`, `credential.*` of the place, `storage.*`.
    async fn remove(&self, reference: &CredentialRef) -> Result<(), Failure>;

    /// The references to everything on `shelf`, sorted. A missing shelf is empty.
    ///
    /// # Errors
    /// `credential.*` of the place.
    async fn list(&self, shelf: Shelf) -> Result<Vec<CredentialRef>, Failure>;
}

/// The purpose of a passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassphrasePurpose {
    /// Open the existing vault.
    Open,
    /// Seal it from now on, with a new passphrase that is entered twice.
    Choose,
}

/// Prompts the owner without echo.
pub trait PassphrasePrompt: Send + Sync + fmt::Debug {
    /// The passphrase, never empty. Waits for a person indefinitely.
    ///
    /// # Errors
    /// `credential.store-locked` if no question can be asked.
    fn ask(&self, purpose: PassphrasePurpose) -> Result<SecretString, Failure>;
}
