//! Overview queries: spending, failures, and outcomes.

use super::{Entry, Outcome, RecordedText, UsageLine, UsageReport};
use crate::call::CallId;
use crate::limits::Spent;
use crate::time::Timestamp;

/// Amounts counting against a connection's limits, separately for complete calls and calls in
/// progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LimitUsage {
    /// The amounts of complete calls, including purged ones.
    pub spent: Spent,
    /// Reservations of calls in progress.
    pub set_aside: Spent,
}

/// Failed calls of one connection with the same code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureGroup {
    /// The connection.
    pub connection: String,
    /// How they ended: [`Outcome::Error`], [`Outcome::Refused`] or [`Outcome::Interrupted`].
    pub outcome: Outcome,
    /// The code in the ledger; `None` for interrupted calls.
    pub error_code: Option<String>,
    /// Their number.
    pub times: u64,
    /// Start of the first one.
    pub first_at: Timestamp,
    /// Start of the last one.
    pub last_at: Timestamp,
    /// The last one.
    pub last_call: CallId,
}

/// The number of rows per outcome.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutcomeCounts(Vec<(Outcome, u64)>);

impl OutcomeCounts {
    /// Adds rows of an outcome.
    pub fn add(&mut self, outcome: Outcome, rows: u64) {
        match self.0.iter_mut().find(|(known, _)| *known == outcome) {
            Some((_, sum)) => *sum = sum.saturating_add(rows),
            None => self.0.push((outcome, rows)),
        }
    }

    /// Number of rows of an outcome.
    #[must_use]
    pub fn of(&self, outcome: Outcome) -> u64 {
        let found = self.0.iter().find(|(known, _)| *known == outcome);
        found.map_or(0, |(_, rows)| *rows)
    }

    /// Total number of rows.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0
            .iter()
            .fold(0, |sum: u64, (_, rows)| sum.saturating_add(*rows))
    }
}

/// The sums of one period, by another key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PeriodUsage {
    /// The period, as [`super::UsageKey::period`] writes it.
    pub period: String,
    /// One line per key, sorted by key. Latencies have an error of at most 0.8 %.
    pub lines: Vec<UsageLine>,
}

/// Sums, and the same calls split over time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UsageOverTime {
    /// The sums.
    pub report: UsageReport,
    /// The split of [`super::UsageQuery::split`], oldest period first; empty periods are omitted,
    /// and so are latencies.
    pub periods: Vec<PeriodUsage>,
}

/// A row with everything recorded about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEntry {
    /// The row.
    pub entry: Entry,
    /// Its texts, if the connection records them.
    pub text: Option<RecordedText>,
    /// Its seal; `None` while the call is in progress.
    pub seal: Option<RowSeal>,
}

/// A complete row's place in the chain of seals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowSeal {
    /// Its place, from 1.
    pub sequence: u64,
    /// Its hash, in hexadecimal.
    pub hash: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_one_outcome_add_up() {
        let mut counts = OutcomeCounts::default();
        counts.add(Outcome::Ok, 2);
        counts.add(Outcome::Error, 1);
        counts.add(Outcome::Ok, 3);
        assert_eq!(counts.of(Outcome::Ok), 5);
        assert_eq!(counts.of(Outcome::Refused), 0);
        assert_eq!(counts.total(), 6);
    }
}
