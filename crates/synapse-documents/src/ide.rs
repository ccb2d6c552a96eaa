//! The documents of `synapse ide`.

use serde::Serialize;
use synapse_core::check::{Check, CheckId};
use synapse_core::error::RemedyText;

use crate::failure::ErrorView;

/// `synapse.ide/1`: every client and what its files say.
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

/// A client inside a document.
#[derive(Debug, Clone, Serialize)]
pub struct IdeClientView {
    /// Its name on the command line.
    pub client: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Whether it shows itself on this machine.
    pub detected: bool,
    /// Whether it takes an entry from a link.
    pub link: bool,
    /// When somebody last held what is known about it against `source`, as a date.
    pub verified: &'static str,
    /// The page, or the file of the client's own repository, that this is known from.
    pub source: &'static str,
    /// Its files here; none for a client whose entry is pasted.
    pub files: Vec<IdeFileView>,
}

/// A client's file inside a document. `state` is `no-file`, `absent`, `current`, `stale`,
/// `foreign` or `broken`; `error` is set when it is broken.
#[derive(Debug, Clone, Serialize)]
pub struct IdeFileView {
    /// `user`, `local` (a user's own, in one project) or `project`.
    pub scope: &'static str,
    /// The file, before links are followed.
    pub file: String,
    /// What it says about Synapse.
    pub state: &'static str,
    /// Whether the client loads this entry in the project at hand, unless it is switched off.
    pub wins: bool,
    /// Why the client does not load it, or what else reads the file.
    pub notes: Vec<String>,
    /// Why it cannot be understood.
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

/// A change inside a document. `action` is `created`, `added`, `updated`, `replaced`, `removed`,
/// `undone` or `unchanged`; with `dry_run` it is what would be.
#[derive(Debug, Clone, Default, Serialize)]
pub struct IdeChangeView {
    /// Whose file it is.
    pub client: &'static str,
    /// `user` or `project`.
    pub scope: &'static str,
    /// The file, before links are followed.
    pub file: String,
    /// Where it really is, when links lead elsewhere.
    pub target: Option<String>,
    /// What was done.
    pub action: &'static str,
    /// Whether it was only looked at.
    pub dry_run: bool,
    /// The change as a unified diff, without values of others.
    pub diff: String,
    /// The copy of the file as it was.
    pub backup: Option<String>,
    /// What deserves attention.
    pub warnings: Vec<String>,
    /// What the user does next in the client.
    pub next: &'static str,
    /// Which settings of an existing entry are kept or replaced.
    pub notes: Vec<String>,
    /// The other files that the same command changes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Self>,
}

/// `synapse.ide-snippet/1`: the entry as text to paste; `client` is null for the form that most
/// clients share.
#[derive(Debug, Clone, Serialize)]
pub struct IdeSnippetDocument {
    schema: &'static str,
    ok: bool,
    client: Option<&'static str>,
    file: Option<String>,
    snippet: String,
}

impl IdeSnippetDocument {
    /// The document of a snippet for `file`, when the client has one here.
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

/// `synapse.ide-check/1`: what a client would see.
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

/// A check inside a document.
#[derive(Debug, Clone, Serialize)]
pub struct IdeCheckView {
    /// Whose entry.
    pub client: &'static str,
    /// `user`, `local` or `project`.
    pub scope: &'static str,
    /// The file that has it.
    pub file: String,
    /// The command and its arguments.
    pub command: Option<Vec<String>>,
    /// The names of the variables that it got.
    pub variables: Option<Vec<String>>,
    /// Where it was started.
    pub directory: Option<String>,
    /// How long the client waits.
    pub timeout_ms: u64,
    /// The server that answered.
    pub server: Option<IdeServerView>,
    /// The revision of the protocol that it chose.
    pub revision: Option<String>,
    /// The tools that it lists.
    pub tools: Option<Vec<String>>,
    /// From the start to the list of tools.
    pub took_ms: Option<u64>,
    /// The steps in order.
    pub checks: Vec<IdeStepView>,
    /// The first failure.
    pub error: Option<ErrorView>,
}

/// Name and version of a server inside a document.
#[derive(Debug, Clone, Serialize)]
pub struct IdeServerView {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A step of a check inside a document. `outcome` is `ok`, `warn`, `fail` or `skip`.
#[derive(Debug, Clone, Serialize)]
pub struct IdeStepView {
    /// Which step.
    pub id: &'static str,
    /// Which of several, such as the name of a connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// How it went.
    pub outcome: &'static str,
    /// What was seen.
    pub detail: Option<String>,
    /// What has to hold first.
    pub needs: Option<&'static str>,
    /// Why it failed, or what a warning is about.
    pub error: Option<ErrorView>,
}

impl IdeStepView {
    /// The view of a step, whose commands are those of `remedies`.
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
