//! Queries for overviews: spending, failures, and outcomes.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params, params_from_iter};
use synapse_core::Failure;
use synapse_core::call::CallId;
use synapse_core::ledger::{FailureGroup, HistoryQuery, LimitUsage, Outcome, OutcomeCounts};
use synapse_core::limits::{Spent, Sums};
use synapse_core::time::Timestamp;
use uuid::Uuid;

use super::daily::day;
use super::orphans::OrphanRows;
use super::query::{bounds, conditions};
use super::reader::Reader;
use super::reserve::Days;

/// The amounts that count against each connection's limits.
pub(super) fn standings(
    reader: &Reader,
    at: Timestamp,
) -> Result<BTreeMap<String, LimitUsage>, Failure> {
    reader.ask(|database, orphans| all(database, orphans, at))
}

pub(super) fn all(
    database: &Connection,
    orphans: &OrphanRows,
    at: Timestamp,
) -> rusqlite::Result<BTreeMap<String, LimitUsage>> {
    let today = at.day();
    let month = Days::month_of(at);
    let mut standings: BTreeMap<String, LimitUsage> = BTreeMap::new();
    let mut complete = database.prepare_cached(
        "SELECT connection, day, sum(limit_tokens), sum(limit_nano_usd) FROM daily
         WHERE day BETWEEN ?1 AND ?2 GROUP BY connection, day
         UNION ALL
         SELECT connection, day, sum(limit_tokens), sum(limit_nano_usd) FROM carried
         WHERE day BETWEEN ?1 AND ?2 GROUP BY connection, day",
    )?;
    let mut rows = complete.query(params![month.first, month.last])?;
    while let Some(row) = rows.next()? {
        let standing = standings.entry(row.get(0)?).or_default();
        count(&mut standing.spent, row, row.get::<_, i64>(1)? == today)?;
    }
    // A dead process has nothing in progress; its rows count once they are swept.
    let mut open = database.prepare_cached(&format!(
        "SELECT connection, started_at, reserved_tokens, reserved_nano_usd FROM entries
         WHERE outcome <> 'ok' AND outcome = 'open' AND NOT {}",
        orphans.condition()
    ))?;
    let mut rows = open.query([])?;
    while let Some(row) = rows.next()? {
        let began = day(row.get(1)?);
        if (month.first..=month.last).contains(&began) {
            let standing = standings.entry(row.get(0)?).or_default();
            count(&mut standing.set_aside, row, began == today)?;
        }
    }
    Ok(standings)
}

/// Adds the amounts in the third and fourth column to the month, and to today.
fn count(spent: &mut Spent, row: &Row<'_>, is_today: bool) -> rusqlite::Result<()> {
    let amount = |amount: Option<i64>| number(amount.unwrap_or_default());
    let sums = Sums {
        tokens: amount(row.get(2)?),
        nano_usd: amount(row.get(3)?),
    };
    let add = |to: &mut Sums| {
        to.tokens = to.tokens.saturating_add(sums.tokens);
        to.nano_usd = to.nano_usd.saturating_add(sums.nano_usd);
    };
    add(&mut spent.month);
    if is_today {
        add(&mut spent.day);
    }
    Ok(())
}

/// The failed calls since `since`, grouped, latest first.
pub(super) fn failures(reader: &Reader, since: Timestamp) -> Result<Vec<FailureGroup>, Failure> {
    reader.ask(|database, orphans| grouped(database, orphans, since))
}

pub(super) fn grouped(
    database: &Connection,
    orphans: &OrphanRows,
    since: Timestamp,
) -> rusqlite::Result<Vec<FailureGroup>> {
    let Some((first, last)) = bounds(database, Some(since), None)? else {
        return Ok(Vec::new());
    };
    let mut groups = Vec::new();
    for outcome in [Outcome::Error, Outcome::Refused, Outcome::Interrupted] {
        let mut statement = database.prepare_cached(&format!(
            "SELECT connection, error_code, count(*), min(started_at), max(started_at), max(call_id)
             FROM entries WHERE {} AND server IS NULL AND call_id BETWEEN ? AND ?
             AND started_at >= ?
             GROUP BY connection, error_code",
            orphans.filter(outcome)
        ))?;
        let found = statement.query_map(params![first, last, since.as_millis()], |row| {
            Ok(FailureGroup {
                connection: row.get(0)?,
                outcome,
                error_code: row.get(1)?,
                times: number(row.get(2)?),
                first_at: Timestamp::from_millis(row.get(3)?),
                last_at: Timestamp::from_millis(row.get(4)?),
                last_call: CallId::new(Uuid::from_bytes(row.get(5)?)),
            })
        })?;
        for group in found {
            groups.push(group?);
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse((group.last_at, group.last_call)));
    Ok(groups)
}

/// The number of rows of `query` per outcome.
pub(super) fn outcomes(reader: &Reader, query: &HistoryQuery) -> Result<OutcomeCounts, Failure> {
    reader.ask(|database, orphans| counted(database, orphans, query))
}

fn counted(
    database: &Connection,
    orphans: &OrphanRows,
    query: &HistoryQuery,
) -> rusqlite::Result<OutcomeCounts> {
    let mut counts = OutcomeCounts::default();
    let Some((conditions, values)) = conditions(database, orphans, query)? else {
        return Ok(counts);
    };
    let answered_in_days = answered_in_days(database, query)?;
    if let Some(answered) = answered_in_days {
        counts.add(Outcome::Ok, answered);
    }
    let rest = match answered_in_days {
        Some(_) => "outcome <> 'ok'",
        None => "TRUE",
    };
    let mut statement = database.prepare_cached(&format!(
        "SELECT {} AS ended, count(*) FROM entries WHERE {rest} AND {} GROUP BY ended",
        orphans.outcome(),
        conditions.join(" AND ")
    ))?;
    let mut rows = statement.query(params_from_iter(values))?;
    while let Some(row) = rows.next()? {
        let word: String = row.get(0)?;
        if let Some(outcome) = Outcome::parse(&word) {
            counts.add(outcome, number(row.get(1)?));
        }
    }
    Ok(counts)
}

/// Number of successful calls of whole days, from the daily sums: avoids counting most rows. `None`
/// if the query covers more than whole days.
fn answered_in_days(database: &Connection, query: &HistoryQuery) -> rusqlite::Result<Option<u64>> {
    let midnight = |time: Timestamp| Timestamp::of_day(time.day()) == time;
    let whole = query.since.is_none_or(midnight) && query.until.is_none_or(midnight);
    if !whole || query.text.is_some() || !query.filters.is_empty() {
        return Ok(None);
    }
    let first = query.since.map_or(i64::MIN, Timestamp::day);
    let last = query.until.map_or(i64::MAX, |until| until.day() - 1);
    database
        .query_row(
            "SELECT coalesce(sum(ok), 0) FROM daily WHERE day BETWEEN ? AND ?",
            [first, last],
            |row| row.get(0).map(number),
        )
        .map(Some)
}

fn number(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}
