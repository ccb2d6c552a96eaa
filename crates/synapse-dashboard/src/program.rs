//! The trait for everything outside of core: the environment of connections, the installation,
//! IDEs, secret places, and the hub. Implemented by the program that serves the pages.

use std::fmt;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::Value;
use synapse_core::check::Check;
use synapse_core::credential::CredentialRef;
use synapse_core::error::{Failure, RemedyText};
use synapse_core::ports::{Kept, StoredConnection, Writing};
use synapse_documents::IdeClientView;

use crate::hub::{Approval, HubAction, HubDone, HubView};
use crate::login::{LoginDesk, LoginEnd, LoginOrder};

/// The program and its location.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Its version.
    pub version: String,
    /// The operating system.
    pub system: String,
    /// Its home directory.
    pub home: String,
}

/// The entry of an IDE as text to paste.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The client's name in `synapse ide`.
    pub client: String,
    /// Its display name.
    pub title: String,
    /// The file for the text, if the client has one here.
    pub file: Option<String>,
    /// The text.
    pub text: String,
}

/// The state of a secret's store, without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretStoreState {
    /// Something exists, with a description.
    There(String),
    /// Nothing usable exists, with the reason.
    Missing(String),
    /// Only reading would tell, with the reason for not reading.
    Unseen(String),
}

/// The environment of the pages.
///
/// Unless its first line says "looks further", a method reads no secret, opens no socket and starts
/// no process: pages call them on viewing.
#[async_trait]
pub trait Program: Send + Sync + fmt::Debug {
    /// The program and its location.
    fn about(&self) -> About;

    /// The commands that failures name.
    fn remedies(&self) -> &dyn RemedyText;

    /// The checklist of a connection.
    ///
    /// # Errors
    /// Why it cannot be created.
    async fn checklist(&self, stored: &StoredConnection) -> Result<Vec<Check>, Failure>;

    /// Examines the installation, looks further: may start `git`, reads no secret.
    async fn doctor(&self) -> Vec<Check>;

    /// Writes a support bundle with these checks to the home directory; returns its path.
    ///
    /// # Errors
    /// `internal.invariant` if it would contain a secret, `storage.*`.
    async fn bundle(&self, checks: &[Check]) -> Result<String, Failure>;

    /// Every IDE and the state of its files.
    ///
    /// # Errors
    /// Why they cannot be inspected.
    fn ides(&self) -> Result<Vec<IdeClientView>, Failure>;

    /// The entry for every detected IDE, with all connections and the hub.
    ///
    /// # Errors
    /// Why no entry can be created.
    fn snippets(&self) -> Result<Vec<Snippet>, Failure>;

    /// The place of a reference, in words.
    fn place(&self, reference: &CredentialRef) -> String;

    /// The state of a store, without reading it.
    fn seen(&self, reference: &CredentialRef) -> SecretStoreState;

    /// Stores a secret that its owner just submitted.
    ///
    /// # Errors
    /// `credential.*`, without any part of the value.
    async fn keep(
        &self,
        reference: &CredentialRef,
        value: SecretString,
        writing: Writing,
    ) -> Result<Kept, Failure>;

    /// Removes a secret, as its owner just requested.
    ///
    /// # Errors
    /// `credential.*`.
    async fn forget(&self, reference: &CredentialRef) -> Result<(), Failure>;

    /// The servers according to their file and approvals.
    ///
    /// # Errors
    /// `config.*` of its file.
    async fn hub(&self) -> Result<HubView, Failure> {
        Ok(HubView::default())
    }

    /// The pending approvals, with everything that would be run or offered.
    ///
    /// # Errors
    /// `config.*`, `storage.*`.
    async fn approvals(&self) -> Result<Vec<Approval>, Failure> {
        Ok(Vec::new())
    }

    /// The document of `hub status --json`.
    ///
    /// # Errors
    /// Same as [`Program::hub`].
    async fn hub_document(&self) -> Result<Value, Failure> {
        Ok(serde_json::json!({"schema": "synapse.hub/1", "ok": true, "servers": []}))
    }

    /// Performs the action its owner just requested; looks further, and may start a program.
    ///
    /// # Errors
    /// `upstream.*`, `oauth.*`, `config.*`.
    async fn act(&self, action: HubAction) -> Result<HubDone, Failure>;

    /// Logs in to a server because its owner has just asked for it, looks further: it contacts the
    /// server, and its authorization server once the owner has agreed at the desk. Dropping the future
    /// ends the login.
    ///
    /// # Errors
    /// `oauth.*`, `upstream.*`, `transport.*`, `storage.*`.
    async fn log_in(&self, order: &LoginOrder, desk: &LoginDesk) -> Result<LoginEnd, Failure>;
}
