//! The ledger's rows and questions, without its storage.

use crate::call::{CallId, Caller, Operation};
use crate::error::Code;
use crate::receipt::Receipt;
use crate::time::Timestamp;

/// A row as it is written before the send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// When the call began.
    pub started_at: Timestamp,
    /// What kind of call it is.
    pub operation: Operation,
    /// On whose behalf.
    pub caller: Caller,
    /// What is known so far.
    pub receipt: Receipt,
}

/// What is added to a row when the call is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// When the call ended.
    pub ended_at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// The code, when it failed or was refused.
    pub error_code: Option<Code>,
    /// The whole receipt.
    pub receipt: Receipt,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Outcome {
    /// The call is under way.
    Open,
    /// An answer came.
    Ok,
    /// It failed after the request was handed to the network.
    Error,
    /// Refused before anything was sent: gate, credential, endpoint.
    Refused,
    /// The caller gave up.
    Cancelled,
    /// The process ended while the call was under way.
    Interrupted,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 6] = [
        Self::Open,
        Self::Ok,
        Self::Error,
        Self::Refused,
        Self::Cancelled,
        Self::Interrupted,
    ];

    /// The word in the ledger and in output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }

    /// The outcome of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == word)
    }
}

/// A row as history shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When the call began.
    pub started_at: Timestamp,
    /// The kind of call, as the ledger's word.
    pub operation: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The code as the ledger has it; a newer version may have written one unknown here.
    pub error_code: Option<String>,
    /// On whose behalf.
    pub caller: Caller,
    /// The receipt.
    pub receipt: Receipt,
}

/// Which rows to show, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryQuery {
    /// At most so many.
    pub limit: u32,
    /// Only those of this connection.
    pub connection: Option<String>,
    /// Only those that ended so.
    pub outcome: Option<Outcome>,
    /// Only those before this call: the key of the next page.
    pub before: Option<CallId>,
}

/// What to sum, and over what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageQuery {
    /// The key of a line.
    pub by: UsageKey,
    /// Only calls that began at or after this time.
    pub since: Option<Timestamp>,
}

/// The key by which usage is summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UsageKey {
    /// One line per connection.
    Connection,
    /// One line per model: the one served, else the one asked for.
    Model,
    /// One line per provider.
    Provider,
    /// One line per day, UTC.
    Day,
}

impl UsageKey {
    /// Every key.
    pub const ALL: [Self; 4] = [Self::Connection, Self::Model, Self::Provider, Self::Day];

    /// The word on the command line and in output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Model => "model",
            Self::Provider => "provider",
            Self::Day => "day",
        }
    }
}

/// Sums over the calls of one key. Each sum covers the calls that told the number; the `unknown`
/// counts say how many calls that may have been billed did not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UsageLine {
    /// The connection, model, provider or day.
    pub key: String,
    /// Calls of any outcome.
    pub calls: u64,
    /// Calls that ended with an answer.
    pub ok: u64,
    /// Calls that failed, were cancelled or interrupted.
    pub failed: u64,
    /// Calls that were refused before anything was sent.
    pub refused: u64,
    /// Prompt tokens, as far as told.
    pub prompt_tokens: u64,
    /// Completion tokens, as far as told.
    pub completion_tokens: u64,
    /// Calls that may have been billed and told no token counts.
    pub unknown_tokens: u64,
    /// Cost in nano-USD, as far as known.
    pub cost_nano_usd: u64,
    /// Calls that may have been billed and whose cost is unknown.
    pub unknown_cost: u64,
}

impl UsageLine {
    /// The sum of `lines`, under the key `total`.
    #[must_use]
    pub fn total(lines: &[Self]) -> Self {
        let mut total = Self {
            key: "total".to_owned(),
            ..Self::default()
        };
        for line in lines {
            total.calls += line.calls;
            total.ok += line.ok;
            total.failed += line.failed;
            total.refused += line.refused;
            total.prompt_tokens += line.prompt_tokens;
            total.completion_tokens += line.completion_tokens;
            total.unknown_tokens += line.unknown_tokens;
            total.cost_nano_usd += line.cost_nano_usd;
            total.unknown_cost += line.unknown_cost;
        }
        total
    }
}
