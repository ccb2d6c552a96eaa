//! Usage sums: whole days from the daily sums, the ends of a range from rows.

mod exact;
mod keys;
mod lines;
mod range;
mod spans;

use rusqlite::Connection;
use synapse_core::Failure;
use synapse_core::ledger::{
    PeriodUsage, UsageKey, UsageLine, UsageOverTime, UsageQuery, UsageReport, Waiting,
};

use self::exact::Exact;
use self::lines::{Timing, UsageLines};
use self::range::Range;
pub(super) use self::spans::Spans;
use super::daily::DailySums;
use super::latency::Tally;
use super::orphans::OrphanRows;
use super::reader::Reader;
use super::spool;

/// The report for `query`, one line per key, sorted by key.
pub(super) fn usage(reader: &Reader, query: &UsageQuery) -> Result<UsageReport, Failure> {
    let report = reader.ask(|database, orphans| report(database, orphans, query))?;
    Ok(UsageReport {
        waiting: spool::waiting(reader.home()),
        ..report
    })
}

/// The sums for `query`, per period.
pub(super) fn usage_per(
    reader: &Reader,
    per: UsageKey,
    query: &UsageQuery,
) -> Result<Vec<PeriodUsage>, Failure> {
    reader.ask(|database, orphans| {
        let lines = UsageLines::read(database, orphans, query, Some(per), Timing::LeftOut)?;
        Ok(lines.periods(without_latencies))
    })
}

/// The report for `query` and its split over time, from the same lines: the ledger is read once.
pub(super) fn usage_over_time(
    reader: &Reader,
    query: &UsageQuery,
) -> Result<UsageOverTime, Failure> {
    let found = reader.ask(|database, orphans| over_time(database, orphans, query))?;
    Ok(UsageOverTime {
        report: UsageReport {
            waiting: spool::waiting(reader.home()),
            ..found.report
        },
        ..found
    })
}

fn over_time(
    database: &Connection,
    orphans: &OrphanRows,
    query: &UsageQuery,
) -> rusqlite::Result<UsageOverTime> {
    let (per, by) = query.split();
    let split = UsageQuery {
        by,
        ..query.clone()
    };
    let timing = if per == query.by {
        Timing::ByPeriod
    } else {
        Timing::ByKey
    };
    let lines = UsageLines::read(database, orphans, &split, Some(per), timing)?;
    Ok(UsageOverTime {
        report: report_of(&lines, database, query)?,
        periods: lines.periods(without_latencies),
    })
}

pub(super) fn report(
    database: &Connection,
    orphans: &OrphanRows,
    query: &UsageQuery,
) -> rusqlite::Result<UsageReport> {
    let lines = UsageLines::read(database, orphans, query, None, Timing::ByKey)?;
    report_of(&lines, database, query)
}

fn report_of(
    lines: &UsageLines<'_>,
    database: &Connection,
    query: &UsageQuery,
) -> rusqlite::Result<UsageReport> {
    let sums = lines.by_one_key();
    let mut total = DailySums::default();
    let mut latencies = Tally::default();
    for (key, sums) in &sums {
        total.merge(sums);
        if let Some(found) = lines.latencies.get(*key) {
            latencies.merge(found);
        }
    }
    let exact = if number(total.calls) <= UsageLine::EXACT_LATENCIES {
        Some(Exact::read(database, Range::of(query), query)?)
    } else {
        None
    };
    let of_key = |key: &str, percent: u64| match &exact {
        Some(exact) => exact.percentile(Some(key), percent),
        None => lines.latencies.get(key)?.percentile(percent),
    };
    let of_all = |percent: u64| match &exact {
        Some(exact) => exact.percentile(None, percent),
        None => latencies.percentile(percent),
    };
    Ok(UsageReport {
        lines: sums
            .iter()
            .map(|(key, sums)| line(key, sums, |percent| of_key(key, percent)))
            .collect(),
        total: line("total", &total, of_all),
        waiting: Waiting::default(),
    })
}

fn without_latencies(key: &str, sums: &DailySums) -> UsageLine {
    line(key, sums, |_| None)
}

fn line(key: &str, sums: &DailySums, latency: impl Fn(u64) -> Option<u64>) -> UsageLine {
    UsageLine {
        key: key.to_owned(),
        calls: number(sums.calls),
        ok: number(sums.ok),
        failed: number(sums.failed),
        refused: number(sums.refused),
        prompt_tokens: number(sums.prompt_tokens),
        completion_tokens: number(sums.completion_tokens),
        cached_tokens: number(sums.cached_tokens),
        reasoning_tokens: number(sums.reasoning_tokens),
        unknown_tokens: number(sums.unknown_tokens),
        cost_nano_usd: number(sums.cost_nano_usd),
        unknown_cost: number(sums.unknown_cost),
        p50_latency_ms: latency(50),
        p95_latency_ms: latency(95),
    }
}

fn number(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

#[cfg(test)]
mod tests;
