//! What core cannot know, as one trait: the surroundings of connections, the installation, IDEs,
//! places of secrets, and the hub. The program that serves the pages implements it.

use std::fmt;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::Value;
use synapse_core::check::Check;
use synapse_core::credential::CredentialRef;
use synapse_core::document::IdeClientView;
use synapse_core::error::{Failure, RemedyText};
use synapse_core::ports::{Kept, StoredConnection, Writing};

use crate::hub::{Approval, HubAction, HubDone, HubView};

/// The program and where it keeps things.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Its version.
    pub version: String,
    /// The system it runs on.
    pub system: String,
    /// Its directory.
    pub home: String,
}

/// The entry of an IDE as text to paste.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The client, as `synapse ide` takes it.
    pub client: String,
    /// Its name for people.
    pub title: String,
    /// Where the text belongs, when the client has such a file here.
    pub file: Option<String>,
    /// The text.
    pub text: String,
}

/// What shows of the place of a secret without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Something is there; what was seen.
    There(String),
    /// Nothing usable is there; why.
    Missing(String),
    /// Only reading it would tell; why it was not read.
    Unseen(String),
}

/// The surroundings of the pages.
///
/// Methods without "looks further" in their first line read no secret, open no socket and start no
/// process: pages call them when they are viewed.
#[async_trait]
pub trait House: Send + Sync + fmt::Debug {
    /// The program and where it keeps things.
    fn about(&self) -> About;

    /// The commands that failures name.
    fn remedies(&self) -> &dyn RemedyText;

    /// The checklist of a connection.
    ///
    /// # Errors
    /// Why it cannot be made.
    async fn checklist(&self, stored: &StoredConnection) -> Result<Vec<Check>, Failure>;

    /// Examines the installation, looks further: it may start `git`, and reads no secret.
    async fn doctor(&self) -> Vec<Check>;

    /// Writes a support bundle of these checks into the directory of the program; its path.
    ///
    /// # Errors
    /// `internal.invariant` when a secret would be in it, `storage.*`.
    async fn bundle(&self, checks: &[Check]) -> Result<String, Failure>;

    /// Every IDE and what its files say.
    ///
    /// # Errors
    /// Why they cannot be looked at.
    fn ides(&self) -> Result<Vec<IdeClientView>, Failure>;

    /// The entry of every IDE that was found, for one connection or all.
    ///
    /// # Errors
    /// Why no entry can be made.
    fn snippets(&self, connection: Option<&str>) -> Result<Vec<Snippet>, Failure>;

    /// Where a reference leads, in words.
    fn place(&self, reference: &CredentialRef) -> String;

    /// What shows of a place without reading it.
    fn seen(&self, reference: &CredentialRef) -> Place;

    /// Keeps a secret, because its owner has just submitted it.
    ///
    /// # Errors
    /// `credential.*`, never naming any part of the value.
    async fn keep(
        &self,
        reference: &CredentialRef,
        value: SecretString,
        writing: Writing,
    ) -> Result<Kept, Failure>;

    /// Removes a secret, because its owner has just said so.
    ///
    /// # Errors
    /// `credential.*`.
    async fn forget(&self, reference: &CredentialRef) -> Result<(), Failure>;

    /// The servers as their file and their approvals have them.
    ///
    /// # Errors
    /// `config.*` of its file.
    async fn hub(&self) -> Result<HubView, Failure> {
        Ok(HubView::default())
    }

    /// What waits for approval, with everything that would run or be offered.
    ///
    /// # Errors
    /// `config.*`, `storage.*`.
    async fn approvals(&self) -> Result<Vec<Approval>, Failure> {
        Ok(Vec::new())
    }

    /// The document that `hub status --json` prints.
    ///
    /// # Errors
    /// As [`House::hub`].
    async fn hub_document(&self) -> Result<Value, Failure> {
        Ok(serde_json::json!({"schema": "synapse.hub/1", "ok": true, "servers": []}))
    }

    /// Does what its owner has just asked for; looks further, and may start a program.
    ///
    /// # Errors
    /// `upstream.*`, `oauth.*`, `config.*`.
    async fn act(&self, action: HubAction) -> Result<HubDone, Failure>;
}
