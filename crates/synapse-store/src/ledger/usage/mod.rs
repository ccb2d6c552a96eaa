//! Usage sums: whole days from the daily sums, the ends of a range from rows.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};
use synapse_core::Failure;
use synapse_core::ledger::{
    Outcome, PeriodUsage, UsageKey, UsageLine, UsageQuery, UsageReport, Waiting,
};
use synapse_core::time::Timestamp;

use super::content::{self, Facts};
use super::daily::{self, DailySums};
use super::orphans::OrphanRows;
use super::query::bounds;
use super::reader::Reader;
use super::spool;

/// The report for `query`, one line per key, sorted by key.
pub(super) fn usage(reader: &Reader, query: &UsageQuery) -> Result<UsageReport, Failure> {
    let report = reader.ask(|database, unswept| report(database, unswept, query))?;
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
    reader.ask(|database, unswept| {
        let range = Range::of(query);
        let lines = Lines::read(database, unswept, query, Some(per), range)?;
        let mut periods: Vec<PeriodUsage> = Vec::new();
        for ((period, key), sums) in &lines.sums {
            let line = line(key, sums, |_| None);
            match periods.last_mut().filter(|last| last.period == *period) {
                Some(last) => last.lines.push(line),
                None => periods.push(PeriodUsage {
                    period: period.clone(),
                    lines: vec![line],
                }),
            }
        }
        Ok(periods)
    })
}

fn report(
    database: &Connection,
    unswept: &OrphanRows,
    query: &UsageQuery,
) -> rusqlite::Result<UsageReport> {
    let range = Range::of(query);
    let lines = Lines::read(database, unswept, query, None, range)?;
    let mut total = DailySums::default();
    for sums in lines.sums.values() {
        total.merge(sums.clone());
    }
    let exact = match number(total.calls) <= UsageLine::EXACT_LATENCIES {
        true => Some(Exact::read(database, range, query)?),
        false => None,
    };
    let line = |key: &str, sums: &DailySums, all: bool| {
        line(key, sums, |percent| match &exact {
            Some(exact) => exact.percentile((!all).then_some(key), percent),
            None => sums.latencies.percentile(percent),
        })
    };
    Ok(UsageReport {
        lines: lines
            .sums
            .iter()
            .map(|((_, key), sums)| line(key, sums, false))
            .collect(),
        total: line("total", &total, true),
        waiting: Waiting::default(),
    })
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

/// A time range in milliseconds, end excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    since: i64,
    until: i64,
}

/// A part of a range, by the source of its sums.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// The daily sums of these days, inclusive.
    Days { first: i64, last: i64 },
    /// Rows.
    Rows(Range),
}

impl Range {
    fn of(query: &UsageQuery) -> Self {
        Self {
            since: query.since.map_or(i64::MIN, Timestamp::as_millis),
            until: query.until.map_or(i64::MAX, Timestamp::as_millis),
        }
    }

    fn parts(self, by: UsageKey) -> Vec<Part> {
        // The daily sums contain neither hours nor servers.
        if by == UsageKey::Hour || by.is_of_hub() {
            return vec![Part::Rows(self)];
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
            return vec![Part::Rows(self)];
        }
        let mut parts = Vec::new();
        if first != i64::MIN && begin(first) > self.since {
            parts.push(Part::Rows(Self {
                since: self.since,
                until: begin(first),
            }));
        }
        parts.push(Part::Days {
            first,
            last: end - 1,
        });
        if end != i64::MAX && begin(end) < self.until {
            parts.push(Part::Rows(Self {
                since: begin(end),
                until: self.until,
            }));
        }
        parts
    }
}

/// The lines of a report in progress, by period, if requested, and key.
struct Lines<'a> {
    per: Option<UsageKey>,
    by: UsageKey,
    connection: Option<&'a str>,
    sums: BTreeMap<(String, String), DailySums>,
}

impl<'a> Lines<'a> {
    fn read(
        database: &Connection,
        unswept: &OrphanRows,
        query: &'a UsageQuery,
        per: Option<UsageKey>,
        range: Range,
    ) -> rusqlite::Result<Self> {
        let mut lines = Self {
            per,
            by: query.by,
            connection: query.connection.as_deref(),
            sums: BTreeMap::new(),
        };
        // Only rows contain the hour.
        let finest = match per {
            Some(UsageKey::Hour) => UsageKey::Hour,
            _ => query.by,
        };
        for part in range.parts(finest) {
            match part {
                Part::Days { first, last } => lines.add_days(database, first, last)?,
                Part::Rows(range) => {
                    let columns = content::columns();
                    each_row(database, range, query, &columns, |row| {
                        lines.add(&Facts::of(row)?);
                        Ok(())
                    })?;
                }
            }
        }
        lines.add_open(database, unswept, range)?;
        Ok(lines)
    }

    fn add(&mut self, facts: &Facts) {
        let time = Timestamp::from_millis(facts.started_at);
        let key = key_of(facts, self.by);
        self.sums
            .entry((self.period(time), key))
            .or_default()
            .add(facts);
    }

    /// Empty if no period is requested.
    fn period(&self, time: Timestamp) -> String {
        let period = self.per.and_then(|per| per.period(time));
        period.unwrap_or_default()
    }

    fn add_days(&mut self, database: &Connection, first: i64, last: i64) -> rusqlite::Result<()> {
        let column = match self.by {
            UsageKey::Connection => "connection",
            UsageKey::Provider => "provider",
            UsageKey::Model => "model",
            UsageKey::Client => "client",
            _ => "day",
        };
        // Latencies cannot be summed in SQL; without them each group is one row.
        let (sums, groups) = match self.per {
            Some(_) => (daily::TOTALS, "GROUP BY 1, 2"),
            None => (daily::SUMS, ""),
        };
        let mut statement = database.prepare_cached(&format!(
            "SELECT {column}, day, {sums} FROM daily WHERE day BETWEEN ?1 AND ?2
             AND connection <> '' AND (?3 IS NULL OR connection = ?3) {groups}"
        ))?;
        let mut rows = statement.query(params![first, last, self.connection])?;
        while let Some(row) = rows.next()? {
            let key = match row.get_ref(0)? {
                ValueRef::Integer(day) => {
                    self.by.period(Timestamp::of_day(day)).unwrap_or_default()
                }
                other => match other.as_str()? {
                    "" if self.by == UsageKey::Client => UsageKey::TERMINAL.to_owned(),
                    text => text.to_owned(),
                },
            };
            let period = self.period(Timestamp::of_day(row.get(1)?));
            let sums = self.sums.entry((period, key)).or_default();
            match self.per {
                Some(_) => sums.merge_totals(row, 2)?,
                None => sums.merge_row(row, 2)?,
            }
        }
        Ok(())
    }

    /// Calls in progress, and those of dead processes that could not be completed.
    fn add_open(
        &mut self,
        database: &Connection,
        unswept: &OrphanRows,
        range: Range,
    ) -> rusqlite::Result<()> {
        let mut statement = database.prepare_cached(&format!(
            "SELECT {}, {} FROM entries WHERE outcome <> 'ok' AND outcome = 'open'
             AND started_at >= ?1 AND started_at < ?2 AND (?3 IS NULL OR connection = ?3)
             AND {}",
            content::columns(),
            unswept.condition(),
            rows_of(self.by)
        ))?;
        let mut rows = statement.query(params![range.since, range.until, self.connection])?;
        while let Some(row) = rows.next()? {
            let mut facts = Facts::of(row)?;
            if row.get(content::CONTENT.len())? {
                Outcome::Interrupted.as_str().clone_into(&mut facts.outcome);
                facts.maybe_billed = facts.server.is_none();
            }
            self.add(&facts);
        }
        Ok(())
    }
}

/// Visits the complete rows of a range that `query` sums, of one connection or all.
fn each_row(
    database: &Connection,
    range: Range,
    query: &UsageQuery,
    columns: &str,
    mut visit: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let time = |millis: i64, none: i64| (millis != none).then(|| Timestamp::from_millis(millis));
    let since = time(range.since, i64::MIN);
    let until = time(range.until, i64::MAX);
    let Some((first, last)) = bounds(database, since, until)? else {
        return Ok(());
    };
    let mut statement = database.prepare_cached(&format!(
        "SELECT {columns} FROM entries WHERE call_id BETWEEN ?1 AND ?2 AND outcome <> 'open'
         AND started_at >= ?3 AND started_at < ?4 AND (?5 IS NULL OR connection = ?5) AND {}",
        rows_of(query.by)
    ))?;
    let connection = query.connection.as_deref();
    let mut rows = statement.query(params![first, last, range.since, range.until, connection])?;
    while let Some(row) = rows.next()? {
        visit(row)?;
    }
    Ok(())
}

/// Exact latencies of successful calls, for a report over few calls.
#[derive(Default)]
struct Exact {
    of_key: BTreeMap<String, Vec<i64>>,
    all: Vec<i64>,
}

impl Exact {
    fn read(database: &Connection, range: Range, query: &UsageQuery) -> rusqlite::Result<Self> {
        let mut exact = Self::default();
        // Of each row only what is needed: the others are most of the work.
        let columns = format!("latency_ms, outcome, {}", key_column(query.by));
        each_row(database, range, query, &columns, |row| {
            let latency: Option<i64> = row.get(0)?;
            let is_answered = row.get_ref(1)?.as_str()? == Outcome::Ok.as_str();
            if let Some(millis) = latency.filter(|_| is_answered) {
                exact.add(millis, row.get_ref(2)?, query.by)?;
            }
            Ok(())
        })?;
        exact.all.sort_unstable();
        exact
            .of_key
            .values_mut()
            .for_each(|latencies| latencies.sort_unstable());
        Ok(exact)
    }

    fn add(&mut self, millis: i64, key: ValueRef<'_>, by: UsageKey) -> rusqlite::Result<()> {
        self.all.push(millis);
        let key = shown_key(key, by)?;
        match self.of_key.get_mut(&*key) {
            Some(latencies) => latencies.push(millis),
            None => drop(self.of_key.insert(key.into_owned(), vec![millis])),
        }
        Ok(())
    }

    /// The nearest-rank percentile of one key, or of all.
    fn percentile(&self, key: Option<&str>, percent: u64) -> Option<u64> {
        let latencies = match key {
            Some(key) => self.of_key.get(key)?,
            None => &self.all,
        };
        let rank = u64::try_from(latencies.len()).ok()?;
        let rank = rank.saturating_mul(percent).div_ceil(100).checked_sub(1)?;
        let rank = usize::try_from(rank).ok()?;
        latencies.get(rank).map(|millis| number(*millis))
    }
}

/// SQL condition: rows counted by a key, of the hub or all others.
const fn rows_of(by: UsageKey) -> &'static str {
    match by {
        UsageKey::Server => "server IS NOT NULL",
        UsageKey::Tool => "server IS NOT NULL AND tool IS NOT NULL",
        _ => "server IS NULL",
    }
}

/// The SQL expression for [`key_of`].
const fn key_column(by: UsageKey) -> &'static str {
    match by {
        UsageKey::Connection => "connection",
        UsageKey::Provider => "provider",
        UsageKey::Model => "coalesce(model_served, model_requested)",
        UsageKey::Client => "coalesce(client_name, '')",
        UsageKey::Server => "server",
        UsageKey::Tool => "server || '/' || tool",
        _ => "started_at",
    }
}

/// The key that [`key_of`] gives for the value of [`key_column`].
fn shown_key(value: ValueRef<'_>, by: UsageKey) -> rusqlite::Result<Cow<'_, str>> {
    Ok(match value {
        ValueRef::Integer(millis) => {
            let period = by.period(Timestamp::from_millis(millis));
            Cow::Owned(period.unwrap_or_default())
        }
        other => match other.as_str()? {
            "" if by == UsageKey::Client => Cow::Borrowed(UsageKey::TERMINAL),
            text => Cow::Borrowed(text),
        },
    })
}

fn key_of(facts: &Facts, by: UsageKey) -> String {
    match by {
        UsageKey::Connection => facts.connection.clone(),
        UsageKey::Provider => facts.provider.clone(),
        UsageKey::Model => facts.model.clone(),
        UsageKey::Client if facts.client.is_empty() => UsageKey::TERMINAL.to_owned(),
        UsageKey::Client => facts.client.clone(),
        UsageKey::Server => facts.server.clone().unwrap_or_default(),
        UsageKey::Tool => format!(
            "{}/{}",
            facts.server.as_deref().unwrap_or_default(),
            facts.tool.as_deref().unwrap_or_default()
        ),
        period => period
            .period(Timestamp::from_millis(facts.started_at))
            .unwrap_or_default(),
    }
}

fn number(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    #[test]
    fn a_range_is_whole_days_between_two_ends() {
        let parts = |since: i64, until: i64| Range { since, until }.parts(UsageKey::Model);
        let days = |first: i64, last: i64| Part::Days { first, last };
        let rows = |since: i64, until: i64| Part::Rows(Range { since, until });
        assert_eq!(parts(i64::MIN, i64::MAX), [days(i64::MIN, i64::MAX - 1)]);
        assert_eq!(parts(DAY, 3 * DAY), [days(1, 2)]);
        assert_eq!(
            parts(DAY + 1, 3 * DAY + 1),
            [
                rows(DAY + 1, 2 * DAY),
                days(2, 2),
                rows(3 * DAY, 3 * DAY + 1)
            ]
        );
        assert_eq!(parts(DAY + 1, DAY + 2), [rows(DAY + 1, DAY + 2)]);
        assert_eq!(parts(DAY + 1, 2 * DAY), [rows(DAY + 1, 2 * DAY)]);
        assert_eq!(
            parts(DAY + 1, i64::MAX),
            [rows(DAY + 1, 2 * DAY), days(2, i64::MAX - 1)]
        );
        assert_eq!(parts(-1, DAY), [rows(-1, 0), days(0, 0)]);
        let range = Range {
            since: 0,
            until: DAY,
        };
        assert_eq!(range.parts(UsageKey::Hour), [Part::Rows(range)]);
    }
}
