//! The checklist of a connection: what stands between it and an answer in the owner's IDE. It
//! judges facts that others gathered, opens nothing, and proves nothing that preflight has not.

mod rules;

pub use self::rules::evaluate;
use crate::error::Failure;
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
