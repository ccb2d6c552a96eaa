//! Questions to the ledger: pages of rows, one row, what was said in it.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, params_from_iter};
use synapse_core::Failure;
use synapse_core::call::CallId;
use synapse_core::ledger::{Column, Entry, Filter, HistoryQuery, Order, RecordedText, Test};
use synapse_core::time::Timestamp;
use synapse_files::Home;

use super::database::{self, Opened};
use super::rows::{entry as entry_of, entry_columns, key};
use super::sweep::{OrphanRows, sweep};
use super::{daily, spool, texts};
use crate::failure::{newer_ledger, sqlite};

/// The rows of one page.
pub(super) fn history(home: &Home, query: &HistoryQuery) -> Result<Vec<Entry>, Failure> {
    ask(home, |database, unswept| page(database, unswept, query))
}

fn page(
    database: &Connection,
    unswept: &OrphanRows,
    query: &HistoryQuery,
) -> rusqlite::Result<Vec<Entry>> {
    let Some((mut conditions, mut values)) = conditions(database, unswept, query)? else {
        return Ok(Vec::new());
    };
    let (direction, behind) = match query.order {
        Order::NewestFirst => ("DESC", "<"),
        Order::OldestFirst => ("ASC", ">"),
    };
    if let Some(after) = query.after {
        conditions.push(format!("call_id {behind} ?"));
        values.push(Value::Blob(key(after).into_bytes().to_vec()));
    }
    if let Some(outcome) = query.outcome {
        conditions.push(unswept.filter(outcome));
    }
    values.push(Value::Integer(i64::from(query.limit)));
    let mut statement = database.prepare(&format!(
        "SELECT {} FROM entries WHERE {} ORDER BY call_id {direction} LIMIT ?",
        entry_columns(unswept),
        conditions.join(" AND ")
    ))?;
    statement
        .query_map(params_from_iter(values), entry_of)?
        .collect()
}

/// What a row has to fulfil, its outcome and its place in the order aside; `None` when none can.
pub(super) fn conditions(
    database: &Connection,
    unswept: &OrphanRows,
    query: &HistoryQuery,
) -> rusqlite::Result<Option<(Vec<String>, Vec<Value>)>> {
    let mut conditions = vec!["TRUE".to_owned()];
    let mut values: Vec<Value> = Vec::new();
    let mut hold = |condition: String, value: Option<Value>| {
        conditions.push(condition);
        values.extend(value);
    };
    if query.since.is_some() || query.until.is_some() {
        let Some((first, last)) = bounds(database, query.since, query.until)? else {
            return Ok(None);
        };
        hold("call_id >= ?".to_owned(), Some(Value::Blob(first.to_vec())));
        hold("call_id <= ?".to_owned(), Some(Value::Blob(last.to_vec())));
    }
    if let Some(since) = query.since {
        hold("started_at >= ?".to_owned(), Some(time(since)));
    }
    if let Some(until) = query.until {
        hold("started_at < ?".to_owned(), Some(time(until)));
    }
    if let Some(places) = query.places {
        hold("sequence >= ?".to_owned(), Some(place(places.first)));
        hold("sequence <= ?".to_owned(), Some(place(places.last)));
    }
    for filter in &query.filters {
        let (condition, value) = condition(filter, unswept);
        hold(condition, value);
    }
    if let Some(text) = &query.text {
        match texts::search(text) {
            Some(words) => hold(texts::FOUND.to_owned(), Some(Value::Text(words))),
            None => hold("FALSE".to_owned(), None),
        }
    }
    Ok(Some((conditions, values)))
}

/// A condition on a column, with the value that it takes.
fn condition(filter: &Filter, unswept: &OrphanRows) -> (String, Option<Value>) {
    let column = match filter.column {
        Column::Outcome => unswept.outcome(),
        Column::MaybeBilled => unswept.maybe_billed(),
        column => column.as_str().to_owned(),
    };
    let number = |operator: &str, number: i64| {
        (
            format!("{column} {operator} ?"),
            Some(Value::Integer(number)),
        )
    };
    let word = |operator: &str, text: &str| {
        let value = match filter.column {
            // What is no id is the id of no row.
            Column::CallId => Value::Blob(
                text.parse::<CallId>()
                    .map(|id| key(id).into_bytes().to_vec())
                    .unwrap_or_default(),
            ),
            _ => Value::Text(text.to_owned()),
        };
        (format!("{column} {operator} ?"), Some(value))
    };
    let may_be_empty = matches!(
        filter.column,
        Column::Connection | Column::Provider | Column::Host | Column::ModelRequested
    );
    match &filter.test {
        Test::Is(text) => word("=", text),
        // Rows of the hub have an empty text for no connection.
        Test::IsNot(text) if may_be_empty => {
            let (condition, value) = word("<>", text);
            (format!("({condition} AND {column} <> '')"), value)
        }
        Test::Unknown if may_be_empty => (format!("{column} = ''"), None),
        Test::Known if may_be_empty => (format!("{column} <> ''"), None),
        Test::IsNot(text) => word("<>", text),
        Test::Equals(value) => number("=", *value),
        Test::Differs(value) => number("<>", *value),
        Test::AtLeast(value) => number(">=", *value),
        Test::AtMost(value) => number("<=", *value),
        Test::Unknown => (format!("{column} IS NULL"), None),
        Test::Known => (format!("{column} IS NOT NULL"), None),
    }
}

/// The smallest and the largest key that a call of that time can have; `None` when there is none.
///
/// The keys are in the order of time as long as the clock was; the daily sums know them as they
/// are, so that a search reads the rows in its range and misses none after a clock went back.
pub(super) fn bounds(
    database: &Connection,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
) -> rusqlite::Result<Option<([u8; 16], [u8; 16])>> {
    let first = since.map_or(i64::MIN, |since| daily::day(since.as_millis()));
    let last = until.map_or(i64::MAX, |until| daily::day(until.as_millis()));
    let (first, last): (Option<[u8; 16]>, Option<[u8; 16]>) = database.query_row(
        "SELECT min(first_id), max(last_id) FROM
             (SELECT first_id, last_id FROM daily WHERE day BETWEEN ? AND ?
              UNION ALL
              SELECT call_id, call_id FROM entries WHERE outcome <> 'ok' AND outcome = 'open')",
        [first, last],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(first.zip(last))
}

/// One row.
pub(super) fn entry(home: &Home, call_id: CallId) -> Result<Option<Entry>, Failure> {
    ask(home, |database, unswept| {
        let sql = format!(
            "SELECT {} FROM entries WHERE call_id = ?",
            entry_columns(unswept)
        );
        database
            .query_row(&sql, [key(call_id).into_bytes()], entry_of)
            .optional()
    })
}

/// What was said in a call.
pub(super) fn text(home: &Home, call_id: CallId) -> Result<Option<RecordedText>, Failure> {
    ask(home, |database, _| texts::find(database, call_id))
}

/// What was said in each of the calls.
pub(super) fn texts(
    home: &Home,
    calls: &[CallId],
) -> Result<BTreeMap<CallId, RecordedText>, Failure> {
    ask(home, |database, _| {
        let mut found = BTreeMap::new();
        for call_id in calls {
            if let Some(text) = texts::find(database, *call_id)? {
                found.insert(*call_id, text);
            }
        }
        Ok(found)
    })
}

/// Sweeps, then asks, all from one state of the file; an absent ledger has the empty answer.
pub(super) fn ask<T: Default>(
    home: &Home,
    question: impl FnOnce(&Connection, &OrphanRows) -> rusqlite::Result<T>,
) -> Result<T, Failure> {
    let (database, newer) = match database::open_to_read(home)? {
        None => return Ok(T::default()),
        Some(Opened::Ours(database)) => (database, None),
        Some(Opened::Newer(database, version)) => (database, Some(version)),
    };
    if newer.is_none() && spool::waits(home) {
        // Best effort: whoever asks is told what still waits.
        let entered = database::no_repair(home).and_then(|_repair| spool::enter(&database, home));
        drop(entered);
    }
    let unswept = match newer {
        None => sweep(&database, home),
        Some(_) => Ok(OrphanRows::none()),
    };
    let answer = unswept.and_then(|unswept| {
        let state = database.unchecked_transaction()?;
        let answer = question(&state, &unswept)?;
        state.finish().map(|()| answer)
    });
    answer.map_err(|error| {
        database::abandon(database);
        match newer {
            // What a newer Synapse writes may be beyond what this one can read.
            Some(version) => newer_ledger(&home.ledger(), version, super::schema::VERSION)
                .cause(error.to_string()),
            None => sqlite(&home.ledger(), &error),
        }
    })
}

fn place(sequence: u64) -> Value {
    Value::Integer(i64::try_from(sequence).unwrap_or(i64::MAX))
}

fn time(time: Timestamp) -> Value {
    Value::Integer(time.as_millis())
}
