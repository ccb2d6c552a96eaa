//! Sums over the ledger.

use super::Waiting;
use crate::time::Timestamp;

/// A query for sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageQuery {
    /// The key of a line.
    pub by: UsageKey,
    /// Only calls started at or after this time.
    pub since: Option<Timestamp>,
    /// Only calls started before this time.
    pub until: Option<Timestamp>,
    /// Only calls of this connection.
    pub connection: Option<String>,
}

impl UsageQuery {
    /// Sums over all calls.
    #[must_use]
    pub const fn by(key: UsageKey) -> Self {
        Self {
            by: key,
            since: None,
            until: None,
            connection: None,
        }
    }

    /// The period and the key of its split over time: days by its own key, or its own period by
    /// model.
    #[must_use]
    pub const fn split(&self) -> (UsageKey, UsageKey) {
        match self.by {
            UsageKey::Hour | UsageKey::Day | UsageKey::Week | UsageKey::Month => {
                (self.by, UsageKey::Model)
            }
            key => (UsageKey::Day, key),
        }
    }
}

/// The key of sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UsageKey {
    /// One line per connection.
    Connection,
    /// One line per model: the served one, else the requested one.
    Model,
    /// One line per provider.
    Provider,
    /// One line per MCP client, and [`UsageKey::TERMINAL`].
    Client,
    /// One line per upstream server: hub rows, which are in no other sum.
    Server,
    /// One line per tool of an upstream server, as `server/tool`.
    Tool,
    /// One line per hour, UTC.
    Hour,
    /// One line per day, UTC.
    Day,
    /// One line per ISO week, UTC.
    Week,
    /// One line per month, UTC.
    Month,
}

impl UsageKey {
    /// Every key.
    pub const ALL: [Self; 10] = [
        Self::Connection,
        Self::Model,
        Self::Provider,
        Self::Client,
        Self::Server,
        Self::Tool,
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
    ];

    /// The key of calls without an MCP client.
    pub const TERMINAL: &'static str = "terminal";

    /// Its command-line spelling, also used in output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Model => "model",
            Self::Provider => "provider",
            Self::Client => "client",
            Self::Server => "server",
            Self::Tool => "tool",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The meaning of a line, for people.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Connection => "Each connection",
            Self::Model => "Each model: the one that answered, else the one that was asked",
            Self::Provider => "Each provider",
            Self::Client => "Each IDE, and the terminal",
            Self::Server => "Each upstream server of the hub",
            Self::Tool => "Each tool of an upstream server",
            Self::Hour => "Each hour, in UTC",
            Self::Day => "Each day, in UTC",
            Self::Week => "Each ISO week, in UTC",
            Self::Month => "Each month, in UTC",
        }
    }

    /// The period containing a time, such as `2026-11-20T12`, `2026-11-20`, `2026-W47` or
    /// `2026-11`; `None` for other keys. Periods sort by time.
    #[must_use]
    pub fn period(self, time: Timestamp) -> Option<String> {
        let shown = time.to_string();
        match self {
            Self::Hour => shown.get(..13).map(str::to_owned),
            Self::Day => shown.get(..10).map(str::to_owned),
            Self::Week => time.iso_week(),
            Self::Month => shown.get(..7).map(str::to_owned),
            Self::Connection
            | Self::Model
            | Self::Provider
            | Self::Client
            | Self::Server
            | Self::Tool => None,
        }
    }

    /// Whether it sums hub rows only.
    #[must_use]
    pub const fn is_of_hub(self) -> bool {
        matches!(self, Self::Server | Self::Tool)
    }
}

/// Sums and their total.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UsageReport {
    /// One line per key, sorted by key.
    pub lines: Vec<UsageLine>,
    /// The sum of the lines, under the key `total`.
    pub total: UsageLine,
    /// Spooled calls, which are in no sum.
    pub waiting: Waiting,
}

/// A sum in words: `unknown` if it covers nothing, with `≥` if it leaves out `unknown` calls.
pub fn shown_sum(sum: u64, unknown: u64, text: impl Fn(u64) -> String) -> String {
    match (sum, unknown) {
        (sum, 0) => text(sum),
        (0, _) => "unknown".to_owned(),
        (sum, _) => format!("≥ {}", text(sum)),
    }
}

/// The sums of one key. Each covers the calls with a known number; the `unknown` counts are
/// possibly billed calls without one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UsageLine {
    /// The connection, model, provider, client or period.
    pub key: String,
    /// Calls of any outcome.
    pub calls: u64,
    /// Answered calls.
    pub ok: u64,
    /// Failed, cancelled or interrupted calls.
    pub failed: u64,
    /// Calls refused before sending.
    pub refused: u64,
    /// Known prompt tokens.
    pub prompt_tokens: u64,
    /// Known completion tokens.
    pub completion_tokens: u64,
    /// Known prompt tokens from the provider's cache.
    pub cached_tokens: u64,
    /// Known reasoning tokens.
    pub reasoning_tokens: u64,
    /// Possibly billed calls with unknown token counts.
    pub unknown_tokens: u64,
    /// Known cost in nano-USD.
    pub cost_nano_usd: u64,
    /// Possibly billed calls of unknown cost.
    pub unknown_cost: u64,
    /// Median latency of answered calls in milliseconds; `None` without any.
    ///
    /// Exact up to [`UsageLine::EXACT_LATENCIES`] calls in the report, beyond that with an error of
    /// at most 0.8 %.
    pub p50_latency_ms: Option<u64>,
    /// 95th percentile of the latency, likewise.
    pub p95_latency_ms: Option<u64>,
}

impl UsageLine {
    /// Adds the sums of another line. Its latencies are dropped: percentiles do not add up.
    pub fn merge(&mut self, other: &Self) {
        for (sum, more) in [
            (&mut self.calls, other.calls),
            (&mut self.ok, other.ok),
            (&mut self.failed, other.failed),
            (&mut self.refused, other.refused),
            (&mut self.prompt_tokens, other.prompt_tokens),
            (&mut self.completion_tokens, other.completion_tokens),
            (&mut self.cached_tokens, other.cached_tokens),
            (&mut self.reasoning_tokens, other.reasoning_tokens),
            (&mut self.unknown_tokens, other.unknown_tokens),
            (&mut self.cost_nano_usd, other.cost_nano_usd),
            (&mut self.unknown_cost, other.unknown_cost),
        ] {
            *sum = sum.saturating_add(more);
        }
        self.p50_latency_ms = None;
        self.p95_latency_ms = None;
    }

    /// Maximum calls in a report with exact latencies.
    pub const EXACT_LATENCIES: u64 = 10_000;

    /// Cached tokens; `None` if no call reported any, because a provider that does not report
    /// caching is indistinguishable from an unused cache.
    #[must_use]
    pub const fn told_cached_tokens(&self) -> Option<u64> {
        self.told(self.cached_tokens)
    }

    /// Reasoning tokens, likewise.
    #[must_use]
    pub const fn told_reasoning_tokens(&self) -> Option<u64> {
        self.told(self.reasoning_tokens)
    }

    const fn told(&self, sum: u64) -> Option<u64> {
        match (sum, self.ok.saturating_add(self.failed)) {
            (0, 1..) => None,
            (sum, _) => Some(sum),
        }
    }

    /// The share of sent calls that were answered, from 0 to 1; `None` if none was sent. Excludes
    /// refusals and calls in progress.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a rate for people; the counts beside it are exact"
    )]
    pub fn success_rate(&self) -> Option<f64> {
        let sent = self.ok.checked_add(self.failed)?;
        (sent > 0).then(|| self.ok as f64 / sent as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_those_of_the_calendar_in_utc() {
        let period = |key: UsageKey, text: &str| key.period(text.parse().unwrap()).unwrap();
        assert_eq!(
            period(UsageKey::Hour, "2026-11-20T12:34:56Z"),
            "2026-11-20T12"
        );
        assert_eq!(period(UsageKey::Day, "2026-11-20T23:59:59Z"), "2026-11-20");
        assert_eq!(period(UsageKey::Week, "2026-11-20T12:00:00Z"), "2026-W47");
        // January 1 may belong to the last week of the previous year.
        assert_eq!(period(UsageKey::Week, "2027-01-01T00:00:00Z"), "2026-W53");
        assert_eq!(period(UsageKey::Month, "2026-11-30T23:59:59Z"), "2026-11");
        assert_eq!(
            UsageKey::Model.period("2026-11-20T12:00:00Z".parse().unwrap()),
            None
        );
    }

    #[test]
    fn a_rate_of_nothing_is_unknown() {
        assert_eq!(UsageLine::default().success_rate(), None);
        let line = UsageLine {
            ok: 3,
            failed: 1,
            refused: 7,
            ..UsageLine::default()
        };
        assert_eq!(line.success_rate(), Some(0.75));
    }
}
