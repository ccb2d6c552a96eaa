//! The side of credential places that changes them, and the way to ask their owner for a
//! passphrase. Reading for a call is `SecretResolver`'s; nothing here serves a call.

use std::fmt;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::credential::CredentialRef;
use crate::error::Failure;

/// Whether a secret is new at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// Nothing may be there yet.
    Create,
    /// Something has to be there, and is replaced.
    Replace,
}

/// A place that can say what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shelf {
    /// The system's keyring: the items of the service `synapse`.
    Keyring,
    /// Synapse's own encrypted vault.
    LocalVault,
}

/// What was done to keep a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Where it is now, in words: `the file /home/…`.
    pub place: String,
    /// What its owner has to know beyond that, such as a key file that was made.
    pub notes: Vec<String>,
}

/// Changes the places of secrets, for a command of their owner.
///
/// Nothing here shows a value, a part of one or its length.
#[async_trait]
pub trait SecretWriter: Send + Sync + fmt::Debug {
    /// Where `reference` leads, in words. Opens nothing but, for a server, the file that says where
    /// it is.
    fn place(&self, reference: &CredentialRef) -> String;

    /// Whether Synapse can write there. Touches nothing.
    ///
    /// # Errors
    /// `credential.store-read-only`, with the command that does it there.
    fn writable(&self, reference: &CredentialRef) -> Result<(), Failure>;

    /// Looks whether `reference` holds nothing yet, so that its owner is not asked for a value in
    /// vain. The local vault is opened for it, and its passphrase asked for.
    ///
    /// # Errors
    /// `credential.exists`, `credential.*` of the place.
    async fn expect_none(&self, reference: &CredentialRef) -> Result<(), Failure>;

    /// Keeps `value`, which has to be what a credential may be: one line of visible ASCII.
    ///
    /// # Errors
    /// `credential.exists` or `credential.missing` as `writing` wants it, `credential.*` for the
    /// value and the place, `storage.*`. The place is left as it was.
    async fn keep(
        &self,
        reference: &CredentialRef,
        value: SecretString,
        writing: Writing,
    ) -> Result<Kept, Failure>;

    /// Removes what `reference` names, for good.
    ///
    /// # Errors
    /// `credential.missing`, `credential.*` of the place, `storage.*`.
    async fn remove(&self, reference: &CredentialRef) -> Result<(), Failure>;

    /// The references to everything on `shelf`, sorted. A shelf that does not exist is empty.
    ///
    /// # Errors
    /// `credential.*` of the place.
    async fn list(&self, shelf: Shelf) -> Result<Vec<CredentialRef>, Failure>;
}

/// What a passphrase is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassphrasePurpose {
    /// To open the vault that is there.
    Open,
    /// To seal it from now on: a new one, which is asked for twice.
    Choose,
}

/// Asks the owner, without echo.
pub trait PassphrasePrompt: Send + Sync + fmt::Debug {
    /// The passphrase, never empty. May wait for a person as long as it takes.
    ///
    /// # Errors
    /// `credential.store-locked` when there is nobody to ask.
    fn ask(&self, purpose: PassphrasePurpose) -> Result<SecretString, Failure>;
}
