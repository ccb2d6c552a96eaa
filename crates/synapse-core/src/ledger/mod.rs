//! The ledger's rows, without storage. The submodules contain queries.

mod audit;
mod chain;
mod column;
pub mod dataset;
mod glance;
mod health;
mod hub;
mod overview;
mod query;
mod reservation;
mod usage;

use crate::call::{Caller, Operation};
use crate::error::Code;
use crate::receipt::Receipt;
use crate::time::Timestamp;

pub use self::audit::{Discrepancy, Extent, Purged, Verification};
pub use self::chain::ChainHead;
pub use self::column::{Column, ColumnKind, ColumnValue};
pub use self::glance::{
    FailureGroup, LimitUsage, OutcomeCounts, PeriodUsage, RecordedEntry, RowSeal, UsageOverTime,
};
pub use self::health::{Dating, Examination, LostPlaces, Repaired, Waiting};
pub use self::hub::{HubClosing, HubFacts, HubKind, HubOpening};
pub use self::overview::{LatestCall, Overview, OverviewSpans};
pub use self::query::{ChainRange, Filter, HistoryQuery, Order, Test};
pub use self::reservation::Reservation;
pub use self::usage::{UsageKey, UsageLine, UsageQuery, UsageReport, shown_sum};

/// A row written before the send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Start time of the call.
    pub started_at: Timestamp,
    /// The kind of call.
    pub operation: Operation,
    /// The originator.
    pub caller: Caller,
    /// The facts known so far.
    pub receipt: Receipt,
    /// The prompt as text, only if the connection records texts.
    pub prompt: Option<String>,
}

/// Completes a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// End time of the call.
    pub ended_at: Timestamp,
    /// The outcome.
    pub outcome: Outcome,
    /// The code of a failure or refusal.
    pub error_code: Option<Code>,
    /// The complete receipt.
    pub receipt: Receipt,
    /// The answer as text, only if the connection records texts.
    pub reply: Option<String>,
}

/// The texts of a call, recorded on request of the connection's owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedText {
    /// The prompt: each message with a role header.
    pub prompt: String,
    /// The answer, if there is one.
    pub reply: Option<String>,
}

/// The outcome of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Outcome {
    /// In progress.
    Open,
    /// Answered.
    Ok,
    /// Failed after the request was sent.
    Error,
    /// Refused before sending: gate, credential, endpoint.
    Refused,
    /// Cancelled by the caller.
    Cancelled,
    /// The process died during the call.
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

    /// Its name in the ledger and in output.
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

    /// Parses an outcome.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == word)
    }
}

/// A row in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Start time of the call.
    pub started_at: Timestamp,
    /// End time; `None` while in progress, or if unknown.
    pub ended_at: Option<Timestamp>,
    /// The kind of call, as stored.
    pub operation: String,
    /// The outcome.
    pub outcome: Outcome,
    /// The class of the code, as stored.
    pub error_class: Option<String>,
    /// The code as stored; a newer version's code may be unknown here.
    pub error_code: Option<String>,
    /// The originator.
    pub caller: Caller,
    /// The receipt; without connection, provider and model in a hub row.
    pub receipt: Receipt,
    /// The additional facts of a hub row.
    pub hub: Option<Box<HubFacts>>,
}
