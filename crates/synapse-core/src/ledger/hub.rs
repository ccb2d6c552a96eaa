//! Rows of the hub: what was asked of an upstream server, and what came of it. Neither arguments nor
//! results are part of a row, and no money.

use crate::call::{CallId, Caller};
use crate::error::Code;
use crate::ledger::Outcome;
use crate::time::Timestamp;

/// What a row of the hub records. A refusal is the [`Outcome::Refused`] of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HubKind {
    /// A tool was called.
    Call,
    /// A resource was read.
    Read,
    /// A prompt was got.
    Get,
    /// A program was started, or a session opened.
    Start,
    /// The owner was asked for consent.
    Approve,
    /// A login.
    Login,
    /// A refresh of a token.
    Refresh,
    /// A logout.
    Logout,
}

impl HubKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Call,
        Self::Read,
        Self::Get,
        Self::Start,
        Self::Approve,
        Self::Login,
        Self::Refresh,
        Self::Logout,
    ];

    /// The word in the ledger and in output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Read => "read",
            Self::Get => "get",
            Self::Start => "start",
            Self::Approve => "approve",
            Self::Login => "login",
            Self::Refresh => "refresh",
            Self::Logout => "logout",
        }
    }
}

/// What is known of an upstream while a row is written. `None` means that it is not known, or does
/// not apply.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HubFacts {
    /// The server, by its name in the file.
    pub server: String,
    /// `stdio` or `streamable-http`.
    pub transport: Option<String>,
    /// The protocol revision that is spoken.
    pub era: Option<String>,
    /// The hash of the approved catalogue.
    pub catalogue: Option<String>,
    /// The authorization server.
    pub issuer: Option<String>,
    /// How the OAuth client came to be: `configured`, `metadata-document`, `registered`.
    pub client_kind: Option<String>,
    /// The scopes that were granted, separated by spaces.
    pub scopes: Option<String>,
    /// The generation of the token record.
    pub generation: Option<u64>,
    /// The requests that a login, refresh or logout sent.
    pub requests: Option<u64>,
    /// Whether the server may have carried out what was asked.
    pub may_have_run: bool,
}

impl HubFacts {
    /// Facts of a server of which nothing else is known.
    pub fn of(server: impl Into<String>) -> Self {
        Self {
            server: server.into(),
            ..Self::default()
        }
    }
}

/// A row as it is written before anything is sent or started. Until it is completed it says `open`,
/// and `interrupted` once its process is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubOpening {
    /// The id of the row.
    pub call_id: CallId,
    /// When it began.
    pub started_at: Timestamp,
    /// What it records.
    pub kind: HubKind,
    /// On whose behalf; `tool` is the name of the tool or prompt at the server.
    pub caller: Caller,
    /// What is known so far.
    pub facts: HubFacts,
}

/// What is added when it is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubClosing {
    /// The id of the row.
    pub call_id: CallId,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How it ended. [`Outcome::Ok`] also when a tool reports that it failed: the hub did its part.
    pub outcome: Outcome,
    /// The code, when it failed or was refused.
    pub error_code: Option<Code>,
    /// 1 once the request was handed to the server, else 0. Never more.
    pub attempts: u8,
    /// The HTTP status, when headers came.
    pub http_status: Option<u16>,
    /// Bytes sent to the server.
    pub bytes_out: u64,
    /// Bytes received from it.
    pub bytes_in: u64,
    /// Milliseconds until the end.
    pub latency_ms: Option<u64>,
    /// All that is known now; its server is not written again.
    pub facts: HubFacts,
}
