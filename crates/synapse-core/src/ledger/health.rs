//! The state of the ledger as a file: spooled rows, contradictory dates, and repair results.

use crate::call::CallId;
use crate::error::{Code, Failure, Remedy};
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

    /// The warning about spooled calls, if any.
    #[must_use]
    pub fn failure(self) -> Option<Failure> {
        if self.is_empty() {
            return None;
        }
        let count = |number: u64, what: &str| match number {
            1 => format!("1 {what}"),
            number => format!("{number} {what}s"),
        };
        let failure = Failure::new(
            Code::StorageRowsWaiting,
            match self.calls {
                0 => "ledger.spool has lines that cannot be read".to_owned(),
                calls => format!("{} not in the ledger yet", count(calls, "call")),
            },
        );
        let failure = match self.unreadable {
            0 => failure,
            lines => failure.cause(format!(
                "{} of ledger.spool cannot be read and will not be entered",
                count(lines, "line")
            )),
        };
        Some(match self.calls {
            0 => failure.hint("look at ledger.spool beside the ledger, then remove it"),
            _ => failure.remedy(
                "see why the ledger cannot be written; the next call enters them",
                &Remedy::Examine,
            ),
        })
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

    /// The warning about implausible dates, if any.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        let failure = |message: String| Failure::new(Code::StorageClockContradicted, message);
        if let Some(day) = self.ahead.last() {
            let days = match self.ahead.len() {
                1 => format!("calls are dated {}", date(*day)),
                count => format!("calls are dated on {count} days, up to {},", date(*day)),
            };
            return Some(
                failure(format!(
                    "{days} although calls written later are dated earlier"
                ))
                .cause("the clock was ahead; retention removes nothing by that time")
                .hint("they stay until a purge names a later date"),
            );
        }
        let last = self.last.filter(|_| self.jumped)?;
        Some(
            failure(format!(
                "the clock is far ahead of the calls before today, the last of {}",
                date(last)
            ))
            .cause("retention waits until two more days with calls bear the clock out")
            .hint("set the clock, if it is wrong"),
        )
    }
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

/// The day of a time, such as `2026-11-20`.
fn date(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}
