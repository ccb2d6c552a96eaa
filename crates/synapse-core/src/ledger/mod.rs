//! The ledger's rows, without its storage. Questions to it are in the rooms below.

mod audit;
mod column;
mod glance;
mod health;
mod hub;
mod query;
mod reservation;
mod usage;

use crate::call::{Caller, Operation};
use crate::error::Code;
use crate::receipt::Receipt;
use crate::time::Timestamp;

pub use self::audit::{ChainHead, Discrepancy, Extent, Purged, Verification};
pub use self::column::{Column, ColumnKind, ColumnValue};
pub use self::glance::{FailureGroup, OutcomeCounts, PeriodUsage, RowSeal, Standing};
pub use self::health::{Dating, Examination, LostPlaces, Repaired, Waiting};
pub use self::hub::{HubClosing, HubFacts, HubKind, HubOpening};
pub use self::query::{Filter, HistoryQuery, Order, Places, Test};
pub use self::reservation::Reservation;
pub use self::usage::{UsageKey, UsageLine, UsageQuery, UsageReport};

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
    /// The prompt as text, only when the connection says that texts are recorded.
    pub prompt: Option<String>,
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
    /// The answer as text, only when the connection says that texts are recorded.
    pub reply: Option<String>,
}

/// What was said in a call, kept only for connections that ask for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedText {
    /// The prompt: each message headed by its role.
    pub prompt: String,
    /// The answer, once there is one.
    pub reply: Option<String>,
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
    /// When it ended; `None` while it is under way, and when nobody was left to note it.
    pub ended_at: Option<Timestamp>,
    /// The kind of call, as the ledger's word.
    pub operation: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The class of the code, likewise.
    pub error_class: Option<String>,
    /// The code as the ledger has it; a newer version may have written one unknown here.
    pub error_code: Option<String>,
    /// On whose behalf.
    pub caller: Caller,
    /// The receipt; that of a row of the hub has no connection, provider or model.
    pub receipt: Receipt,
    /// What a row of the hub records beside that.
    pub hub: Option<Box<HubFacts>>,
}
