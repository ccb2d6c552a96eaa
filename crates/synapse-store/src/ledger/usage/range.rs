//! A time range as whole days, which have sums, and the rows of its ends.

use synapse_core::ledger::{UsageKey, UsageQuery};
use synapse_core::time::Timestamp;

use super::super::daily;

/// A time range in milliseconds, end excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) since: i64,
    pub(super) until: i64,
}

/// A part of a range, by the source of its sums.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RangePart {
    /// The daily sums of these days, inclusive.
    Days { first: i64, last: i64 },
    /// Rows.
    Rows(Range),
}

impl Range {
    pub(super) fn of(query: &UsageQuery) -> Self {
        Self {
            since: query.since.map_or(i64::MIN, Timestamp::as_millis),
            until: query.until.map_or(i64::MAX, Timestamp::as_millis),
        }
    }

    pub(super) fn parts(self, by: UsageKey) -> Vec<RangePart> {
        // The daily sums contain neither hours nor servers.
        if by == UsageKey::Hour || by.is_of_hub() {
            return vec![RangePart::Rows(self)];
        }
        let begin = |day: i64| Timestamp::of_day(day).as_millis();
        let first = match self.since {
            i64::MIN => i64::MIN,
            since if begin(daily::day(since)) == since => daily::day(since),
            since => daily::day(since) + 1,
        };
        let end = match self.until {
            i64::MAX => i64::MAX,
            until => daily::day(until),
        };
        if first >= end {
            return vec![RangePart::Rows(self)];
        }
        let mut parts = Vec::new();
        if first != i64::MIN && begin(first) > self.since {
            parts.push(RangePart::Rows(Self {
                since: self.since,
                until: begin(first),
            }));
        }
        parts.push(RangePart::Days {
            first,
            last: end - 1,
        });
        if end != i64::MAX && begin(end) < self.until {
            parts.push(RangePart::Rows(Self {
                since: begin(end),
                until: self.until,
            }));
        }
        parts
    }
}
