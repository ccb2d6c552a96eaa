//! The state of the ledger as a file: what waits to be entered, dates that its order contradicts,
//! and what a repair saved.

use crate::call::CallId;
use crate::time::Timestamp;

/// Calls whose rows could not be written and that wait beside the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// Calls that are entered as soon as the ledger can be written.
    pub calls: u64,
    /// Lines that cannot be read and will not be entered.
    pub unreadable: u64,
}

impl Waiting {
    /// Whether nothing waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.calls == 0 && self.unreadable == 0
    }
}

/// What an examination of a sound ledger found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Examination {
    /// Whether there is a ledger at all.
    pub exists: bool,
    /// Complete rows.
    pub rows: u64,
    /// What waits beside it.
    pub waiting: Waiting,
}

/// Whether the dates of the rows agree with the order in which they were written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dating {
    /// Days that rows are dated although rows written later are dated earlier: the clock was
    /// ahead. Oldest first.
    pub ahead: Vec<Timestamp>,
    /// The newest day before today that has rows and that nothing contradicts.
    pub last: Option<Timestamp>,
    /// Whether the time of day is much later than that day, so that nobody can tell a long pause
    /// from a clock that is ahead.
    pub jumped: bool,
}

impl Dating {
    /// A pause of so many days is taken for a clock that may be ahead.
    pub const LONGEST_PAUSE: i64 = 31;
}

/// What a repair of the ledger saved and lost.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Repaired {
    /// Rows that were saved.
    pub rows: u64,
    /// Rows among them whose content is no longer what was sealed; saved as they are now.
    pub changed: Vec<CallId>,
    /// Recorded texts that were saved.
    pub texts: u64,
    /// Places of the chain whose rows are lost.
    pub lost: Vec<LostPlaces>,
    /// The ids of lost calls, as far as an index still knows them.
    pub lost_calls: Vec<CallId>,
    /// Parts other than rows that could not be read, by name, such as `prices`.
    pub lost_parts: Vec<String>,
    /// Where the damaged file is now; `None` when there was nothing to repair.
    pub kept_at: Option<String>,
}

/// Places of the chain without their rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostPlaces {
    /// The first.
    pub first: u64,
    /// The last.
    pub last: u64,
}

impl LostPlaces {
    /// How many rows that is.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.last.saturating_sub(self.first) + 1
    }
}
