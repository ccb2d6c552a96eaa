//! The state of the ledger as a file: spooled rows, contradictory dates, and repair results.

use crate::call::CallId;
use crate::time::Timestamp;

/// Calls whose rows could not be written and are spooled beside the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// Calls to be entered once the ledger is writable.
    pub calls: u64,
    /// Unreadable lines, which are never entered.
    pub unreadable: u64,
}

impl Waiting {
    /// Whether nothing is spooled.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.calls == 0 && self.unreadable == 0
    }
}

/// The result of examining a sound ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Examination {
    /// Whether a ledger exists.
    pub exists: bool,
    /// Complete rows.
    pub rows: u64,
    /// Spooled calls.
    pub waiting: Waiting,
}

/// Whether the dates of rows match their writing order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dating {
    /// Days contradicted by later rows with earlier dates: the clock was ahead. Oldest first.
    pub ahead: Vec<Timestamp>,
    /// The latest uncontradicted day with rows before today.
    pub last: Option<Timestamp>,
    /// Whether now is much later than that day: either a long pause, or a clock that is ahead.
    pub jumped: bool,
}

impl Dating {
    /// A longer pause, in days, may indicate a wrong clock.
    pub const LONGEST_PAUSE: i64 = 31;
}

/// The result of a ledger repair.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Repaired {
    /// Recovered rows.
    pub rows: u64,
    /// Recovered rows that differ from their seal; kept as they are.
    pub changed: Vec<CallId>,
    /// Recovered texts.
    pub texts: u64,
    /// Places of the chain with lost rows.
    pub lost: Vec<LostPlaces>,
    /// Ids of lost calls, as far as known from an index.
    pub lost_calls: Vec<CallId>,
    /// Unreadable parts other than rows, by name, such as `prices`.
    pub lost_parts: Vec<String>,
    /// The path of the damaged file; `None` if no repair was necessary.
    pub kept_at: Option<String>,
}

/// A range of places without rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostPlaces {
    /// The first place.
    pub first: u64,
    /// The last place.
    pub last: u64,
}

impl LostPlaces {
    /// The number of rows.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.last.saturating_sub(self.first) + 1
    }
}
