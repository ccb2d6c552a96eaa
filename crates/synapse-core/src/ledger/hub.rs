//! Hub rows: requests to upstream servers and their results, without arguments, content and money.

use crate::call::{CallId, Caller};
use crate::error::Code;
use crate::ledger::Outcome;
use crate::time::Timestamp;

/// The event of a hub row. A refusal is recorded as [`Outcome::Refused`] of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HubKind {
    /// A tool call.
    Call,
    /// A resource read.
    Read,
    /// A prompt retrieval.
    Get,
    /// A program start, or a new session.
    Start,
    /// A consent prompt.
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

    /// Its name in the ledger and in output.
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

/// Facts about an upstream for a row. `None` means unknown or not applicable.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HubFacts {
    /// The server's name in the configuration.
    pub server: String,
    /// `stdio` or `streamable-http`.
    pub transport: Option<String>,
    /// The protocol version in use.
    pub era: Option<String>,
    /// The hash of the approved catalogue.
    pub catalogue: Option<String>,
    /// The authorization server.
    pub issuer: Option<String>,
    /// The origin of the OAuth client: `configured`, `metadata-document`, `registered`.
    pub client_kind: Option<String>,
    /// The granted scopes, separated by spaces.
    pub scopes: Option<String>,
    /// The generation of the token record.
    pub generation: Option<u64>,
    /// Number of requests of a login, refresh or logout.
    pub requests: Option<u64>,
    /// Whether the server may have executed the request.
    pub may_have_run: bool,
}

impl HubFacts {
    /// Facts about a server with only its name known.
    pub fn of(server: impl Into<String>) -> Self {
        Self {
            server: server.into(),
            ..Self::default()
        }
    }
}

/// A row written before anything is sent or started. Until completed it is `open`, and
/// `interrupted` once its process is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubOpening {
    /// The id of the row.
    pub call_id: CallId,
    /// Start time.
    pub started_at: Timestamp,
    /// The event.
    pub kind: HubKind,
    /// The originator; `tool` is the name of the tool or prompt at the server.
    pub caller: Caller,
    /// The facts known so far.
    pub facts: HubFacts,
}

/// Completes a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubClosing {
    /// The id of the row.
    pub call_id: CallId,
    /// End time.
    pub ended_at: Timestamp,
    /// The outcome. [`Outcome::Ok`] even if a tool reports failure: the hub succeeded.
    pub outcome: Outcome,
    /// The code of a failure or refusal.
    pub error_code: Option<Code>,
    /// 1 once the request was sent, else 0. Never more.
    pub attempts: u8,
    /// The HTTP status, if a response arrived.
    pub http_status: Option<u16>,
    /// Bytes sent to the server.
    pub bytes_out: u64,
    /// Bytes received from it.
    pub bytes_in: u64,
    /// Duration in milliseconds.
    pub latency_ms: Option<u64>,
    /// All facts now known; the server is not rewritten.
    pub facts: HubFacts,
}
