//! Usage sums: whole days from the daily sums, the ends of a range from rows.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Rows, params};
use synapse_core::Failure;
use synapse_core::ledger::{
    Outcome, PeriodUsage, UsageKey, UsageLine, UsageOverTime, UsageQuery, UsageReport, Waiting,
};
use synapse_core::time::Timestamp;

use super::columns::{self, CONTENT, Facts};
use super::daily::{self, DailySums};
use super::latency::Latencies;
use super::orphans::OrphanRows;
use super::query::bounds;
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
        let range = Range::of(query);
        let lines = Lines::read(database, orphans, query, Some(per), range)?;
        Ok(lines.periods())
    })
}

/// The report for `query` and its split over time. Both are made from the same groups, so that the
/// ledger is read once.
pub(super) fn usage_over_time(
    reader: &Reader,
    query: &UsageQuery,
) -> Result<UsageOverTime, Failure> {
    let (per, by) = query.split();
    let found = reader.ask(|database, orphans| {
        let range = Range::of(query);
        let split = UsageQuery {
            by,
            ..query.clone()
        };
        let cells = Lines::read(database, orphans, &split, Some(per), range)?;
        Ok(UsageOverTime {
            periods: cells.periods(),
            report: report_of(cells.merged(query), database, query, range)?,
        })
    })?;
    Ok(UsageOverTime {
        report: UsageReport {
            waiting: spool::waiting(reader.home()),
            ..found.report
        },
        ..found
    })
}

fn report(
    database: &Connection,
    orphans: &OrphanRows,
    query: &UsageQuery,
) -> rusqlite::Result<UsageReport> {
    let range = Range::of(query);
    let lines = Lines::read(database, orphans, query, None, range)?;
    report_of(lines, database, query, range)
}

/// The report of `lines`, which still lack the latencies.
fn report_of(
    mut lines: Lines<'_>,
    database: &Connection,
    query: &UsageQuery,
    range: Range,
) -> rusqlite::Result<UsageReport> {
    let calls = lines
        .sums
        .values()
        .map(|sums| number(sums.calls))
        .sum::<u64>();
    let exact = if calls <= UsageLine::EXACT_LATENCIES {
        Some(Exact::read(database, range, query)?)
    } else {
        lines.add_latencies(database, query, range)?;
        None
    };
    let mut total = DailySums::default();
    for sums in lines.sums.values() {
        total.merge(sums);
    }
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
enum RangePart {
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

    fn parts(self, by: UsageKey) -> Vec<RangePart> {
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
        orphans: &OrphanRows,
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
                RangePart::Days { first, last } => lines.add_days(database, first, last)?,
                RangePart::Rows(range) => lines.add_rows(database, query, range)?,
            }
        }
        lines.add_open(database, orphans, range)?;
        Ok(lines)
    }

    fn periods(&self) -> Vec<PeriodUsage> {
        let mut periods: Vec<PeriodUsage> = Vec::new();
        for ((period, key), sums) in &self.sums {
            let line = line(key, sums, |_| None);
            match periods.last_mut().filter(|last| last.period == *period) {
                Some(last) => last.lines.push(line),
                None => periods.push(PeriodUsage {
                    period: period.clone(),
                    lines: vec![line],
                }),
            }
        }
        periods
    }

    /// The lines of `query`, which is by the period or by the key of these.
    fn merged<'b>(self, query: &'b UsageQuery) -> Lines<'b> {
        let mut merged = Lines {
            per: None,
            by: query.by,
            connection: query.connection.as_deref(),
            sums: BTreeMap::new(),
        };
        for ((period, key), sums) in self.sums {
            let key = match self.per == Some(query.by) {
                true => period,
                false => key,
            };
            merged
                .sums
                .entry((String::new(), key))
                .or_insert_with(DailySums::default)
                .merge(sums);
        }
        merged
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

    /// Adds whole days, summed in SQL.
    fn add_days(&mut self, database: &Connection, first: i64, last: i64) -> rusqlite::Result<()> {
        let mut statement = database.prepare_cached(&format!(
            "SELECT {}, {}, {} FROM daily WHERE day BETWEEN ?1 AND ?2
             AND connection <> '' AND (?3 IS NULL OR connection = ?3) GROUP BY 1, 2",
            day_column(self.by),
            self.per.map_or("0", |_| BEGIN_OF_DAY),
            daily::totals(),
        ))?;
        let rows = statement.query(params![first, last, self.connection])?;
        self.add_groups(rows)
    }

    /// Adds complete rows, summed in SQL: reading each of their columns would take many times as
    /// long.
    fn add_rows(
        &mut self,
        database: &Connection,
        query: &UsageQuery,
        range: Range,
    ) -> rusqlite::Result<()> {
        let columns = format!(
            "{}, {}, {}",
            key_column(self.by),
            self.per.map_or("0", key_column),
            daily::totals_of_rows(),
        );
        with_rows(database, range, query, &columns, "GROUP BY 1, 2", |rows| {
            self.add_groups(rows)
        })
    }

    /// Adds groups: the key, the beginning of the period, and the totals.
    fn add_groups(&mut self, mut rows: Rows<'_>) -> rusqlite::Result<()> {
        while let Some(row) = rows.next()? {
            let key = shown_key(row.get_ref(0)?, self.by)?.into_owned();
            let period = self.period(Timestamp::from_millis(row.get(1)?));
            let sums = self.sums.entry((period, key)).or_default();
            sums.merge_totals(row, 2)?;
        }
        Ok(())
    }

    /// Adds the latencies of the calls that were added already. They cannot be summed in SQL.
    fn add_latencies(
        &mut self,
        database: &Connection,
        query: &UsageQuery,
        range: Range,
    ) -> rusqlite::Result<()> {
        let mut found = LatenciesByKey::default();
        for part in range.parts(query.by) {
            match part {
                RangePart::Days { first, last } => {
                    let mut statement = database.prepare_cached(&format!(
                        "SELECT {}, latencies FROM daily WHERE day BETWEEN ?1 AND ?2
                         AND connection <> '' AND (?3 IS NULL OR connection = ?3)",
                        day_column(self.by)
                    ))?;
                    let mut rows = statement.query(params![first, last, self.connection])?;
                    while let Some(row) = rows.next()? {
                        let latencies = found.of(row.get_ref(0)?)?;
                        latencies.merge_encoded(row.get_ref(1)?.as_blob()?);
                    }
                }
                RangePart::Rows(range) => {
                    let columns = format!("{}, latency_ms, outcome", key_column(self.by));
                    with_rows(database, range, query, &columns, "", |mut rows| {
                        while let Some(row) = rows.next()? {
                            if let Some(millis) = answered_after(row, 1)? {
                                found.of(row.get_ref(0)?)?.add(millis);
                            }
                        }
                        Ok(())
                    })?;
                }
            }
        }
        let times = found
            .times
            .iter()
            .map(|(key, found)| (ValueRef::Integer(*key), found));
        let texts = found
            .texts
            .iter()
            .map(|(key, found)| (ValueRef::Text(key.as_bytes()), found));
        for (key, latencies) in times.chain(texts) {
            let key = shown_key(key, self.by)?.into_owned();
            if let Some(sums) = self.sums.get_mut(&(String::new(), key)) {
                sums.latencies.merge(latencies);
            }
        }
        Ok(())
    }

    /// Calls in progress, and those of dead processes that could not be completed.
    fn add_open(
        &mut self,
        database: &Connection,
        orphans: &OrphanRows,
        range: Range,
    ) -> rusqlite::Result<()> {
        let mut statement = database.prepare_cached(&format!(
            "SELECT {}, {} FROM entries WHERE outcome <> 'ok' AND outcome = 'open'
             AND started_at >= ?1 AND started_at < ?2 AND (?3 IS NULL OR connection = ?3)
             AND {}",
            columns::sealed(),
            orphans.condition(),
            rows_of(self.by)
        ))?;
        let mut rows = statement.query(params![range.since, range.until, self.connection])?;
        while let Some(row) = rows.next()? {
            let mut facts = Facts::of(row)?;
            if row.get(CONTENT)? {
                Outcome::Interrupted.as_str().clone_into(&mut facts.outcome);
                facts.maybe_billed = facts.server.is_none();
            }
            self.add(&facts);
        }
        Ok(())
    }
}

/// Latencies by the raw key of their rows: making the shown key of each row, and looking it up among
/// many, would take longer than adding up.
#[derive(Default)]
struct LatenciesByKey {
    times: HashMap<i64, Latencies>,
    texts: HashMap<String, Latencies>,
}

impl LatenciesByKey {
    fn of(&mut self, key: ValueRef<'_>) -> rusqlite::Result<&mut Latencies> {
        if let ValueRef::Integer(time) = key {
            return Ok(self.times.entry(time).or_default());
        }
        Ok(self.texts.entry(key.as_str()?.to_owned()).or_default())
    }
}

/// Visits the complete rows of a range that `query` sums, of one connection or all.
fn with_rows(
    database: &Connection,
    range: Range,
    query: &UsageQuery,
    columns: &str,
    groups: &str,
    visit: impl FnOnce(Rows<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let time = |millis: i64, none: i64| (millis != none).then(|| Timestamp::from_millis(millis));
    let since = time(range.since, i64::MIN);
    let until = time(range.until, i64::MAX);
    let Some((first, last)) = bounds(database, since, until)? else {
        return Ok(());
    };
    let mut statement = database.prepare_cached(&format!(
        "SELECT {columns} FROM entries WHERE call_id BETWEEN ?1 AND ?2 AND outcome <> 'open'
         AND started_at >= ?3 AND started_at < ?4 AND (?5 IS NULL OR connection = ?5) AND {}
         {groups}",
        rows_of(query.by)
    ))?;
    let connection = query.connection.as_deref();
    visit(statement.query(params![first, last, range.since, range.until, connection])?)
}

/// The latency of an answered call, from the columns `latency_ms` and `outcome` of a row.
fn answered_after(row: &Row<'_>, begin: usize) -> rusqlite::Result<Option<i64>> {
    let latency: Option<i64> = row.get(begin)?;
    let is_answered = row.get_ref(begin + 1)?.as_str()? == Outcome::Ok.as_str();
    Ok(latency.filter(|_| is_answered))
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
        with_rows(database, range, query, &columns, "", |mut rows| {
            while let Some(row) = rows.next()? {
                if let Some(millis) = answered_after(row, 0)? {
                    exact.add(millis, row.get_ref(2)?, query.by)?;
                }
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

/// The SQL expression for [`key_of`]. A period is the time in milliseconds when its hour or day
/// began, so that rows are grouped by it.
const fn key_column(by: UsageKey) -> &'static str {
    match by {
        UsageKey::Connection => "connection",
        UsageKey::Provider => "provider",
        UsageKey::Model => "coalesce(model_served, model_requested)",
        UsageKey::Client => "coalesce(client_name, '')",
        UsageKey::Server => "server",
        UsageKey::Tool => "server || '/' || tool",
        UsageKey::Hour => "started_at - (started_at % 3600000 + 3600000) % 3600000",
        _ => "started_at - (started_at % 86400000 + 86400000) % 86400000",
    }
}

/// The SQL expression for the key of daily sums, in the form of [`key_column`].
const fn day_column(by: UsageKey) -> &'static str {
    match by {
        UsageKey::Connection => "connection",
        UsageKey::Provider => "provider",
        UsageKey::Model => "model",
        UsageKey::Client => "client",
        _ => BEGIN_OF_DAY,
    }
}

const BEGIN_OF_DAY: &str = "day * 86400000";

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
mod tests;
