//! Queries: pages of rows, one row, its recorded texts.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter};
use synapse_core::Failure;
use synapse_core::call::CallId;
use synapse_core::chat;
use synapse_core::ledger::{
    Entry, Filter, HistoryQuery, Order, RecordedEntry, RecordedText, RowSeal, Test,
};
use synapse_core::time::Timestamp;

use super::columns::{self, SqlType};
use super::entries::{entry as entry_of, entry_columns};
use super::orphans::OrphanRows;
use super::reader::Reader;
use super::sql::key;
use super::{daily, texts};

/// One page of rows.
pub(super) fn history(reader: &Reader, query: &HistoryQuery) -> Result<Vec<Entry>, Failure> {
    reader.ask(|database, orphans| page(database, orphans, query))
}

fn page(
    database: &Connection,
    orphans: &OrphanRows,
    query: &HistoryQuery,
) -> rusqlite::Result<Vec<Entry>> {
    let Some((mut conditions, mut values)) = conditions(database, orphans, query)? else {
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
        conditions.push(orphans.filter(outcome));
    }
    // Written out: SQLite plans by a bound limit, and so compiles the statement again for each.
    let mut statement = database.prepare_cached(&format!(
        "SELECT {} FROM entries WHERE {} ORDER BY call_id {direction} LIMIT {}",
        entry_columns(orphans),
        conditions.join(" AND "),
        query.limit
    ))?;
    statement
        .query_map(params_from_iter(values), entry_of)?
        .collect()
}

/// The conditions on a row, except outcome and position; `None` if nothing can match.
pub(super) fn conditions(
    database: &Connection,
    orphans: &OrphanRows,
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
        let (condition, value) = condition(filter, orphans);
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

/// A condition on a column, with its value.
fn condition(filter: &Filter, orphans: &OrphanRows) -> (String, Option<Value>) {
    let stored = columns::of(filter.column);
    let column = stored.map_or_else(
        || filter.column.as_str().to_owned(),
        |stored| stored.expression(orphans),
    );
    let sql = stored.map(|stored| stored.sql);
    let number = |operator: &str, number: i64| {
        (
            format!("{column} {operator} ?"),
            Some(Value::Integer(number)),
        )
    };
    let word = |operator: &str, text: &str| {
        let value = match sql {
            // An invalid id matches no row.
            Some(SqlType::Key) => Value::Blob(
                text.parse::<CallId>()
                    .map(|id| key(id).into_bytes().to_vec())
                    .unwrap_or_default(),
            ),
            _ => Value::Text(text.to_owned()),
        };
        (format!("{column} {operator} ?"), Some(value))
    };
    let may_be_empty = sql == Some(SqlType::Name);
    match &filter.test {
        Test::Is(text) => word("=", text),
        // Hub rows have an empty connection.
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

/// Bounds of the keys of calls in a time range; `None` if there are none.
///
/// Keys follow time only while the clock does; the daily sums know the actual keys, so a search
/// stays within its range and still finds rows after the clock went back.
pub(super) fn bounds(
    database: &Connection,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
) -> rusqlite::Result<Option<([u8; 16], [u8; 16])>> {
    let first = since.map_or(i64::MIN, |since| daily::day(since.as_millis()));
    let last = until.map_or(i64::MAX, |until| daily::day(until.as_millis()));
    let mut statement = database.prepare_cached(
        "SELECT min(first_id), max(last_id) FROM
             (SELECT first_id, last_id FROM daily WHERE day BETWEEN ? AND ?
              UNION ALL
              SELECT call_id, call_id FROM entries WHERE outcome <> 'ok' AND outcome = 'open')",
    )?;
    let (first, last): (Option<[u8; 16]>, Option<[u8; 16]>) =
        statement.query_row([first, last], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(first.zip(last))
}

/// One row.
pub(super) fn entry(reader: &Reader, call_id: CallId) -> Result<Option<Entry>, Failure> {
    reader.ask(|database, orphans| {
        let sql = format!(
            "SELECT {} FROM entries WHERE call_id = ?",
            entry_columns(orphans)
        );
        database
            .prepare_cached(&sql)?
            .query_row([key(call_id).into_bytes()], entry_of)
            .optional()
    })
}

/// One row with its texts and its seal.
pub(super) fn recorded(reader: &Reader, call_id: CallId) -> Result<Option<RecordedEntry>, Failure> {
    reader.ask(|database, orphans| {
        let sql = format!(
            "SELECT {}, sequence, seal FROM entries WHERE call_id = ?",
            entry_columns(orphans)
        );
        let found = database
            .prepare_cached(&sql)?
            .query_row([key(call_id).into_bytes()], |row| {
                Ok((entry_of(row)?, seal_of(row)?))
            })
            .optional()?;
        let Some((entry, seal)) = found else {
            return Ok(None);
        };
        let text = texts::find(database, call_id)?;
        Ok(Some(RecordedEntry { entry, text, seal }))
    })
}

/// The seal in the last two columns.
fn seal_of(row: &Row<'_>) -> rusqlite::Result<Option<RowSeal>> {
    let count = row.as_ref().column_count();
    let sequence: Option<i64> = row.get(count - 2)?;
    let seal: Option<[u8; 32]> = row.get(count - 1)?;
    Ok(sequence.zip(seal).map(|(sequence, seal)| RowSeal {
        sequence: u64::try_from(sequence).unwrap_or_default(),
        hash: seal.iter().map(|byte| format!("{byte:02x}")).collect(),
    }))
}

/// The recorded texts of a call.
pub(super) fn text(reader: &Reader, call_id: CallId) -> Result<Option<RecordedText>, Failure> {
    reader.ask(|database, _| texts::find(database, call_id))
}

/// The recorded texts of several calls.
pub(super) fn texts(
    reader: &Reader,
    calls: &[CallId],
) -> Result<BTreeMap<CallId, RecordedText>, Failure> {
    reader.ask(|database, _| {
        let mut found = BTreeMap::new();
        for call_id in calls {
            if let Some(text) = texts::find(database, *call_id)? {
                found.insert(*call_id, text);
            }
        }
        Ok(found)
    })
}

/// The first words of recorded prompts.
pub(super) fn first_words(
    reader: &Reader,
    calls: &[CallId],
) -> Result<BTreeMap<CallId, String>, Failure> {
    reader.ask(|database, _| {
        let mut words = BTreeMap::new();
        for call in calls {
            if let Some(prompt) = texts::beginning(database, *call)? {
                words.insert(*call, chat::first_words(&prompt));
            }
        }
        Ok(words)
    })
}

fn place(sequence: u64) -> Value {
    Value::Integer(i64::try_from(sequence).unwrap_or(i64::MAX))
}

fn time(time: Timestamp) -> Value {
    Value::Integer(time.as_millis())
}
