//! Documents of `synapse ide`.

use serde::Serialize;
use synapse_core::check::{Check, CheckId};
use synapse_core::error::RemedyText;

use crate::failure::ErrorView;

/// `synapse.ide/1`: all clients and the state of their files.
#[derive(Debug, Clone, Serialize)]
pub struct IdeDocument {
    schema: &'static str,
    ok: bool,
    clients: Vec<IdeClientView>,
}

impl IdeDocument {
    /// The document of these clients.
    #[must_use]
    pub fn new(clients: Vec<IdeClientView>) -> Self {
        Self {
            schema: "synapse.ide/1",
            ok: true,
            clients,
        }
    }
}

/// A client.
#[derive(Debug, Clone, Serialize)]
pub struct IdeClientView {
    /// Its command-line name.
    pub client: &'static str,
    /// Its display name.
    pub title: &'static str,
    /// Whether it was detected.
    pub detected: bool,
    /// Whether it supports install links.
    pub link: bool,
    /// Date of the last comparison with `source`.
    pub verified: &'static str,
    /// Documentation page or source file of the client.
    pub source: &'static str,
    /// Its files here; empty for a client with pasted entries.
    pub files: Vec<IdeFileView>,
}

/// A client's file. `state` is `no-file`, `absent`, `current`, `stale`, `foreign` or `broken`;
/// `error` is set if it is broken.
#[derive(Debug, Clone, Serialize)]
pub struct IdeFileView {
    /// `user`, `local` (a user's own, in one project) or `project`.
    pub scope: &'static str,
    /// The file, before links are followed.
    pub file: String,
    /// The state of our entry.
    pub state: &'static str,
    /// Whether the client loads this entry in the current project, unless disabled.
    pub wins: bool,
    /// Why the client does not load it, or what else reads the file.
    pub notes: Vec<String>,
    /// Why it is invalid.
    pub error: Option<ErrorView>,
}

/// `synapse.ide-change/1`: a change of a client's file, made or only shown.
#[derive(Debug, Clone, Serialize)]
pub struct IdeChangeDocument {
    schema: &'static str,
    ok: bool,
    #[serde(flatten)]
    change: IdeChangeView,
}

impl IdeChangeDocument {
    /// The document of a change.
    #[must_use]
    pub fn new(change: IdeChangeView) -> Self {
        Self {
            schema: "synapse.ide-change/1",
            ok: true,
            change,
        }
    }
}

/// A change. `action` is `created`, `added`, `updated`, `replaced`, `removed`, `undone` or
/// `unchanged`; with `dry_run` it is hypothetical.
#[derive(Debug, Clone, Default, Serialize)]
pub struct IdeChangeView {
    /// The client.
    pub client: &'static str,
    /// `user` or `project`.
    pub scope: &'static str,
    /// The file, before links are followed.
    pub file: String,
    /// The resolved path, if the file is a link.
    pub target: Option<String>,
    /// The action.
    pub action: &'static str,
    /// Whether it was only shown.
    pub dry_run: bool,
    /// A unified diff without foreign values.
    pub diff: String,
    /// The backup of the file.
    pub backup: Option<String>,
    /// Warnings.
    pub warnings: Vec<String>,
    /// The user's next step in the client.
    pub next: &'static str,
    /// Which settings of an existing entry are kept or replaced.
    pub notes: Vec<String>,
    /// Other files changed by the same command.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Self>,
}

/// `synapse.ide-snippet/1`: the entry as text to paste; `client` is null for the common form.
#[derive(Debug, Clone, Serialize)]
pub struct IdeSnippetDocument {
    schema: &'static str,
    ok: bool,
    client: Option<&'static str>,
    file: Option<String>,
    snippet: String,
}

impl IdeSnippetDocument {
    /// The document of a snippet for `file`, if the client has one here.
    #[must_use]
    pub fn new(client: Option<&'static str>, file: Option<String>, snippet: String) -> Self {
        Self {
            schema: "synapse.ide-snippet/1",
            ok: true,
            client,
            file,
            snippet,
        }
    }
}

/// `synapse.ide-link/1`: a link that adds the entry.
#[derive(Debug, Clone, Serialize)]
pub struct IdeLinkDocument {
    schema: &'static str,
    ok: bool,
    client: &'static str,
    link: String,
}

impl IdeLinkDocument {
    /// The document of a link.
    #[must_use]
    pub fn new(client: &'static str, link: String) -> Self {
        Self {
            schema: "synapse.ide-link/1",
            ok: true,
            client,
            link,
        }
    }
}

/// `synapse.ide-check/1`: the check of an entry.
#[derive(Debug, Clone, Serialize)]
pub struct IdeCheckDocument {
    schema: &'static str,
    ok: bool,
    #[serde(flatten)]
    check: IdeCheckView,
}

impl IdeCheckDocument {
    /// The document of a check.
    #[must_use]
    pub fn new(check: IdeCheckView) -> Self {
        Self {
            schema: "synapse.ide-check/1",
            ok: check.error.is_none(),
            check,
        }
    }
}

/// A check.
#[derive(Debug, Clone, Serialize)]
pub struct IdeCheckView {
    /// The client.
    pub client: &'static str,
    /// `user`, `local` or `project`.
    pub scope: &'static str,
    /// Its file.
    pub file: String,
    /// The command and its arguments.
    pub command: Option<Vec<String>>,
    /// Names of its variables.
    pub variables: Option<Vec<String>>,
    /// Its working directory.
    pub directory: Option<String>,
    /// The client's timeout.
    pub timeout_ms: u64,
    /// The server that answered.
    pub server: Option<IdeServerView>,
    /// The negotiated protocol version.
    pub revision: Option<String>,
    /// The listed tools.
    pub tools: Option<Vec<String>>,
    /// Time from the start to the list of tools.
    pub took_ms: Option<u64>,
    /// The steps in order.
    pub checks: Vec<IdeStepView>,
    /// The first failure.
    pub error: Option<ErrorView>,
}

/// Name and version of a server.
#[derive(Debug, Clone, Serialize)]
pub struct IdeServerView {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A step of a check. `outcome` is `ok`, `warn`, `fail` or `skip`.
#[derive(Debug, Clone, Serialize)]
pub struct IdeStepView {
    /// Its id.
    pub id: &'static str,
    /// The instance, such as the name of a connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Its outcome.
    pub outcome: &'static str,
    /// The observation.
    pub detail: Option<String>,
    /// The failed prerequisite.
    pub needs: Option<&'static str>,
    /// The failure or warning.
    pub error: Option<ErrorView>,
}

impl IdeStepView {
    /// The view of a step. `remedies` renders its commands.
    #[must_use]
    pub fn new(check: &Check, remedies: &dyn RemedyText) -> Self {
        Self {
            id: check.id.as_str(),
            subject: check.subject.clone(),
            outcome: check.outcome().as_str(),
            detail: check.detail().map(str::to_owned),
            needs: check.needs().map(CheckId::as_str),
            error: check
                .failure()
                .map(|failure| ErrorView::new(failure, remedies)),
        }
    }
}
