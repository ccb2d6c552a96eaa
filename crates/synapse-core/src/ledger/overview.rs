//! The figures of an overview, which a ledger reads together.

use std::collections::BTreeMap;

use super::{Entry, FailureGroup, LimitUsage, Outcome, UsageLine, UsageReport};
use crate::call::CallId;
use crate::time::Timestamp;

/// The figures of an overview at one time. Only those of today have latencies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overview {
    /// The last [`Overview::DAYS`] days, by day.
    pub days: UsageReport,
    /// This month, by model.
    pub models: UsageReport,
    /// This month, by client.
    pub clients: UsageReport,
    /// The same span of the month before.
    pub before: UsageLine,
    /// Today.
    pub today: UsageReport,
    /// The failures of today, latest first.
    pub failures: Vec<FailureGroup>,
    /// The amounts that count against the limits of each connection.
    pub standings: BTreeMap<String, LimitUsage>,
    /// The newest [`Overview::NEWEST`] calls, newest first.
    pub newest: Vec<LatestCall>,
}

impl Overview {
    /// The days in [`Overview::days`], today included.
    pub const DAYS: i64 = 30;
    /// The length of [`Overview::newest`].
    pub const NEWEST: u32 = 200;
}

/// The part of a row that the health of its connection depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatestCall {
    /// The call.
    pub call_id: CallId,
    /// Its connection; empty for the hub.
    pub connection: String,
    /// Its start.
    pub started_at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// The code of its failure.
    pub error_code: Option<String>,
}

impl From<&Entry> for LatestCall {
    fn from(row: &Entry) -> Self {
        Self {
            call_id: row.receipt.call_id,
            connection: row.receipt.connection.clone(),
            started_at: row.started_at,
            outcome: row.outcome,
            error_code: row.error_code.clone(),
        }
    }
}

/// The ranges of an [`Overview`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverviewSpans {
    /// The first of its days.
    pub first: Timestamp,
    /// Today.
    pub today: Timestamp,
    /// The month.
    pub month: Timestamp,
    /// The month before.
    pub before: Timestamp,
    /// As much after it as has passed of the month, at most its end.
    pub before_until: Timestamp,
}

impl OverviewSpans {
    /// Those at `now`.
    #[must_use]
    pub fn of(now: Timestamp) -> Self {
        let month = now.month_start();
        let before = Timestamp::of_day(month.day() - 1).month_start();
        let passed = now.as_millis().saturating_sub(month.as_millis());
        let until = before.as_millis().saturating_add(passed);
        Self {
            first: Timestamp::of_day(now.day() - (Overview::DAYS - 1)),
            today: Timestamp::of_day(now.day()),
            month,
            before,
            before_until: Timestamp::from_millis(until.min(month.as_millis())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_month_before_is_compared_up_to_the_same_time_or_its_end() {
        let spans = |now: &str| OverviewSpans::of(now.parse().unwrap());
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let found = spans("2026-05-20T12:00:00Z");
        assert_eq!(found.first, time("2026-04-21T00:00:00Z"));
        assert_eq!(found.today, time("2026-05-20T00:00:00Z"));
        assert_eq!(found.month, time("2026-05-01T00:00:00Z"));
        assert_eq!(found.before, time("2026-04-01T00:00:00Z"));
        assert_eq!(found.before_until, time("2026-04-20T12:00:00Z"));
        assert_eq!(
            spans("2026-03-31T01:00:00Z").before_until,
            time("2026-03-01T00:00:00Z")
        );
    }
}
