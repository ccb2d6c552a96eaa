//! Sums over the ledger.

use super::Waiting;
use crate::time::Timestamp;

/// What to sum, and over what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageQuery {
    /// The key of a line.
    pub by: UsageKey,
    /// Only calls that began at or after this time.
    pub since: Option<Timestamp>,
    /// Only calls that began before this time.
    pub until: Option<Timestamp>,
    /// Only calls of this connection.
    pub connection: Option<String>,
}

impl UsageQuery {
    /// Sums over every call.
    #[must_use]
    pub const fn by(key: UsageKey) -> Self {
        Self {
            by: key,
            since: None,
            until: None,
            connection: None,
        }
    }
}

/// The key by which usage is summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UsageKey {
    /// One line per connection.
    Connection,
    /// One line per model: the one served, else the one asked for.
    Model,
    /// One line per provider.
    Provider,
    /// One line per MCP client, and [`UsageKey::TERMINAL`].
    Client,
    /// One line per upstream server: the rows of the hub, which are in no other sum.
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

    /// The key of calls that came through no MCP client.
    pub const TERMINAL: &'static str = "terminal";

    /// The word on the command line and in output.
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

    /// What a line of it stands for, for people.
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

    /// The key of a time, such as `2026-11-20T12`, `2026-11-20`, `2026-W47` or `2026-11`; `None`
    /// when this is no key of time. Keys sort by time.
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

    /// Whether it sums the rows of the hub, and no others.
    #[must_use]
    pub const fn is_of_hub(self) -> bool {
        matches!(self, Self::Server | Self::Tool)
    }
}

/// Sums, and their total.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UsageReport {
    /// One line per key, in the order of the keys.
    pub lines: Vec<UsageLine>,
    /// The sum of the lines, under the key `total`.
    pub total: UsageLine,
    /// Calls that are in no sum, because they are not in the ledger yet.
    pub waiting: Waiting,
}

/// Sums over the calls of one key. Each sum covers the calls that told the number; the `unknown`
/// counts say how many calls that may have been billed did not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UsageLine {
    /// The connection, model, provider, client or period.
    pub key: String,
    /// Calls of any outcome.
    pub calls: u64,
    /// Calls that ended with an answer.
    pub ok: u64,
    /// Calls that failed, were cancelled or interrupted.
    pub failed: u64,
    /// Calls that were refused before anything was sent.
    pub refused: u64,
    /// Prompt tokens, as far as told.
    pub prompt_tokens: u64,
    /// Completion tokens, as far as told.
    pub completion_tokens: u64,
    /// Prompt tokens from the provider's cache, as far as told.
    pub cached_tokens: u64,
    /// Completion tokens spent on reasoning, as far as told.
    pub reasoning_tokens: u64,
    /// Calls that may have been billed and told no token counts.
    pub unknown_tokens: u64,
    /// Cost in nano-USD, as far as known.
    pub cost_nano_usd: u64,
    /// Calls that may have been billed and whose cost is unknown.
    pub unknown_cost: u64,
    /// Half of the answered calls took at most so many milliseconds; `None` without any.
    ///
    /// Exact up to [`UsageLine::EXACT_LATENCIES`] calls in the report, beyond that at most 0.8 %
    /// off.
    pub p50_latency_ms: Option<u64>,
    /// 95 of 100 answered calls took at most so many milliseconds, likewise.
    pub p95_latency_ms: Option<u64>,
}

impl UsageLine {
    /// Up to so many calls in a report its latencies are exact.
    pub const EXACT_LATENCIES: u64 = 10_000;

    /// The tokens from a cache; `None` when calls were made and none told of any, because providers
    /// that say nothing of a cache cannot be told from those that used none.
    #[must_use]
    pub const fn told_cached_tokens(&self) -> Option<u64> {
        self.told(self.cached_tokens)
    }

    /// The tokens spent on reasoning, likewise.
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

    /// The part of the calls sent that were answered, from 0 to 1; `None` when none was sent.
    /// Refusals do not count, because nothing was sent for them, nor do calls under way.
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
        // The first of January can belong to the last week of the year before.
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
