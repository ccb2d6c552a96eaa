//! The checklist of a connection: the remaining steps to an answer in the owner's IDE. Evaluates
//! facts gathered by others, opens nothing, and proves nothing beyond preflight.

mod rules;

pub use self::rules::{evaluate, incomplete};
use crate::error::Failure;
use crate::preflight::PreflightRecord;
use crate::time::Timestamp;

/// Facts about the environment of a connection.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The preflight record of the saved connection.
    pub preflight: Option<PreflightRecord>,
    /// The state of its key.
    pub key: KeyFact,
    /// The state of our entry in every client that has one.
    pub entries: Vec<ClientEntry>,
    /// The newest answered prompt, preferring IDEs over the terminal.
    pub answered: Option<Answered>,
    /// Whether a secret is exposed to readers of the repository.
    pub exposure: Exposure,
    /// The time of the evaluation.
    pub now: Timestamp,
}

/// The state of a key, without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFact {
    /// The connection has none, and its provider needs none.
    NotNeeded,
    /// It exists, with a description.
    There(String),
    /// It is missing or unusable, with the reason.
    Unusable(String),
    /// It appears to exist, but its place has a problem.
    Doubtful(Failure),
    /// Only reading would tell, with the reason for not reading.
    Unseen(String),
}

/// A client's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientEntry {
    /// The client's id in `synapse ide`.
    pub client: String,
    /// Whether it is up to date.
    pub is_current: bool,
}

/// An answered prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// When it was asked.
    pub at: Timestamp,
    /// The IDE; `None` for the terminal.
    pub client: Option<String>,
}

/// Whether tracked files contain secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exposure {
    /// None found, with the searched places.
    None(String),
    /// These tracked files are, or contain, something like a token.
    Files(Vec<String>),
    /// Unknown, with the reason.
    Unknown(String),
}
