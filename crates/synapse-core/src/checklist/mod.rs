//! The checklist of a connection: what stands between it and an answer in the owner's IDE. It
//! judges facts that others gathered, opens nothing, and proves nothing that preflight has not.

mod rules;

use std::fmt;

pub use self::rules::evaluate;
use crate::error::{Failure, Hint};
use crate::preflight::PreflightRecord;
use crate::time::Timestamp;

/// What was found out about the surroundings of a connection.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The preflight beside the saved connection.
    pub preflight: Option<PreflightRecord>,
    /// Whether its key is where the reference says.
    pub key: KeyFact,
    /// What the files of clients say about us, for every client that has an entry.
    pub entries: Vec<ClientEntry>,
    /// The newest answered prompt, one from an IDE before one from the terminal.
    pub answered: Option<Answered>,
    /// Whether a secret is where everyone who has the repository can read it.
    pub exposure: Exposure,
    /// The time of the evaluation.
    pub now: Timestamp,
}

/// Whether a key is where its reference says, without having read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFact {
    /// The connection has none, and its provider needs none.
    NotNeeded,
    /// It is there; what was seen.
    There(String),
    /// It is not there, or cannot be used; why.
    Unusable(String),
    /// It is there, as far as can be seen, and something is wrong with its place.
    Doubtful(Failure),
    /// Only reading it would tell; why it was not read.
    Unseen(String),
}

/// One client's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientEntry {
    /// The client's id, as `synapse ide` takes it.
    pub client: String,
    /// Whether it says what it should.
    pub is_current: bool,
}

/// A prompt that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// When it was asked.
    pub at: Timestamp,
    /// The IDE that asked; `None` for the terminal.
    pub client: Option<String>,
}

/// Whether tracked files hold secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exposure {
    /// None was found; where was looked.
    None(String),
    /// These tracked files are, or hold, what looks like a token.
    Files(Vec<String>),
    /// It could not be found out; why.
    Unknown(String),
}

/// A line of the checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is about.
    pub id: ItemId,
    /// How it stands.
    pub verdict: Verdict,
    /// What was seen, for people.
    pub detail: String,
    /// What to do, unless all is well.
    pub next: Option<Hint>,
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ItemId {
    /// May the key do what is needed, and on whose account?
    Scope,
    /// Where the key is.
    Key,
    /// Provider and model.
    Model,
    /// The network gate.
    Gate,
    /// The base URL and its path.
    Endpoint,
    /// What preflight proved, and when.
    Preflight,
    /// The entry in the IDE.
    Ide,
    /// The first answered prompt.
    Prompt,
    /// No secret in a tracked file.
    Secrets,
}

/// How a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Done.
    Ok,
    /// Good enough to go on.
    Warn,
    /// Required, and missing.
    Missing,
}

impl ItemId {
    /// The word in output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scope => "scope",
            Self::Key => "key",
            Self::Model => "model",
            Self::Gate => "gate",
            Self::Endpoint => "endpoint",
            Self::Preflight => "preflight",
            Self::Ide => "ide",
            Self::Prompt => "prompt",
            Self::Secrets => "secrets",
        }
    }
}

impl Verdict {
    /// The word in output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Missing => "missing",
        }
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
