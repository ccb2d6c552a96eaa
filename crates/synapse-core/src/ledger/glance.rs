//! Answers that a page needs at a glance: what is spent, what failed, how calls ended.

use super::{Outcome, UsageLine};
use crate::call::CallId;
use crate::limits::Spent;
use crate::time::Timestamp;

/// What counts against the limits of a connection, complete calls apart from those under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// What complete calls count, purged ones included.
    pub spent: Spent,
    /// What calls under way have set aside.
    pub set_aside: Spent,
}

/// Calls of one connection that failed with one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureGroup {
    /// The connection.
    pub connection: String,
    /// How they ended: [`Outcome::Error`], [`Outcome::Refused`] or [`Outcome::Interrupted`].
    pub outcome: Outcome,
    /// The code as the ledger has it; `None` for interrupted calls.
    pub error_code: Option<String>,
    /// How many.
    pub times: u64,
    /// When the first of them began.
    pub first_at: Timestamp,
    /// When the last of them began.
    pub last_at: Timestamp,
    /// The last of them.
    pub last_call: CallId,
}

/// How many rows ended in each way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutcomeCounts(Vec<(Outcome, u64)>);

impl OutcomeCounts {
    /// Adds rows that ended so.
    pub fn add(&mut self, outcome: Outcome, rows: u64) {
        match self.0.iter_mut().find(|(known, _)| *known == outcome) {
            Some((_, sum)) => *sum = sum.saturating_add(rows),
            None => self.0.push((outcome, rows)),
        }
    }

    /// How many ended so.
    #[must_use]
    pub fn of(&self, outcome: Outcome) -> u64 {
        let found = self.0.iter().find(|(known, _)| *known == outcome);
        found.map_or(0, |(_, rows)| *rows)
    }

    /// How many there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0
            .iter()
            .fold(0, |sum: u64, (_, rows)| sum.saturating_add(*rows))
    }
}

/// Sums of one period, by another key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PeriodUsage {
    /// The period, as [`super::UsageKey::period`] writes it.
    pub period: String,
    /// One line per key, in the order of the keys. Latencies are at most 0.8 % off.
    pub lines: Vec<UsageLine>,
}

/// The place of a complete row in the chain of seals.
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
