//! The lines of calls outside the database: in the spool, and in the journal of each process. A
//! line has the columns that changes of one call set; entering the lines of a call inserts or
//! completes its row.

use std::collections::BTreeMap;

use ring::digest::{SHA256, digest};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{
    Connection, OptionalExtension as _, Transaction, TransactionBehavior, params_from_iter,
};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use synapse_core::call::CallId;
use synapse_core::ledger::{Column, Outcome, Waiting};
use synapse_core::time::Timestamp;
use uuid::Uuid;

use super::columns::{self, SqlType};
use super::rows::RowWriter;
use super::sql::{key, value_of};
use super::texts;
use super::work::{Work, WorkKind};
use super::{completion, days};

/// The columns one line sets in a call's row.
#[derive(Debug, Serialize, Deserialize)]
struct JournalLine {
    call: Uuid,
    set: BTreeMap<String, Json>,
    /// Only in the journal of a process: the spool may stay, and texts are not kept in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prompt: Option<String>,
    /// Likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply: Option<String>,
}

/// The file that a line is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinesOf {
    Spool,
    Journal,
}

/// Whether rows are entered when their calls end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entered {
    /// Their places say when they ended.
    AtTheirEnd,
    /// By somebody who found them.
    Later,
}

/// A line of the spool, with the columns that `works` set.
pub(super) fn spooled_line(rows: &RowWriter, works: &[Work]) -> String {
    let mut set = BTreeMap::new();
    for work in works {
        rows.settings(work, |column, value| {
            set.insert(column.to_owned(), json(value));
        });
    }
    let line = JournalLine {
        call: works
            .first()
            .map(|work| key(work.call_id()))
            .unwrap_or_default(),
        set,
        prompt: None,
        reply: None,
    };
    // Plain text and numbers always serialise.
    let text = serde_json::to_string(&line).unwrap_or_default();
    format!("{} {text}\n", hash(&text))
}

/// A line of a journal: the same, with its text and a checksum that finds a line that was cut or
/// overwritten.
///
/// Written without the values in between, because this is on the path of every call.
pub(super) fn noted_line(rows: &RowWriter, work: &Work) -> Vec<u8> {
    let mut line = vec![b' '; CHECKSUM + 1];
    line.reserve(ROOM + work.text().map_or(0, str::len));
    line.extend_from_slice(b"{\"call\":");
    append(&mut line, &key(work.call_id()));
    line.extend_from_slice(b",\"set\":{");
    // Columns are NULL until they are set.
    let is_end = matches!(work.kind(), WorkKind::Close | WorkKind::End);
    let mut is_first = true;
    rows.settings(work, |column, value| {
        let value = value_of(value);
        if value == ValueRef::Null && !is_end {
            return;
        }
        if !std::mem::take(&mut is_first) {
            line.push(b',');
        }
        line.push(b'"');
        line.extend_from_slice(column.as_bytes());
        line.extend_from_slice(b"\":");
        append_value(&mut line, value);
    });
    line.push(b'}');
    if let Some(text) = work.text() {
        line.extend_from_slice(if is_end {
            b",\"reply\":"
        } else {
            b",\"prompt\":"
        });
        append(&mut line, text);
    }
    line.push(b'}');
    let (stated, text) = line.split_at_mut(CHECKSUM);
    let sum = checksum(text.strip_prefix(b" ").unwrap_or_default());
    stated.copy_from_slice(sum.as_bytes());
    line.push(b'\n');
    line
}

fn append_value(line: &mut Vec<u8>, value: ValueRef<'_>) {
    match value {
        ValueRef::Null | ValueRef::Real(_) => line.extend_from_slice(b"null"),
        ValueRef::Integer(number) => append(line, &number),
        ValueRef::Text(text) => append(line, &String::from_utf8_lossy(text)),
        ValueRef::Blob(id) => append(line, &Uuid::from_slice(id).ok()),
    }
}

/// Appends JSON.
fn append<T: Serialize + ?Sized>(line: &mut Vec<u8>, value: &T) {
    // Plain text and numbers always serialise.
    drop(serde_json::to_writer(line, value));
}

/// The columns to set in a call's row.
#[derive(Debug, Default)]
struct OfCall<'a> {
    prompt: Option<String>,
    reply: Option<String>,
    set: BTreeMap<String, Json>,
    lines: Vec<&'a [u8]>,
}

impl OfCall<'_> {
    /// Whether the call ended.
    fn ends(&self) -> bool {
        let outcome = self.set.get(Column::Outcome.as_str());
        outcome.is_some_and(|outcome| *outcome != Outcome::Open.as_str())
    }

    fn time(&self, column: Column) -> Option<Timestamp> {
        let millis = self.set.get(column.as_str()).and_then(Json::as_i64);
        millis.map(Timestamp::from_millis)
    }
}

/// The lines of a file, grouped by call.
#[derive(Debug, Default)]
pub(super) struct Lines<'a> {
    calls: BTreeMap<Uuid, OfCall<'a>>,
    unreadable: Vec<&'a [u8]>,
}

impl<'a> Lines<'a> {
    pub(super) fn read(text: &'a [u8], of: LinesOf) -> Self {
        let mut lines = Self::default();
        for line in text
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            match understood(line, of) {
                Some(JournalLine {
                    call,
                    set,
                    prompt,
                    reply,
                }) => {
                    let of_call = lines.calls.entry(call).or_default();
                    of_call.set.extend(set);
                    of_call.prompt = of_call.prompt.take().or(prompt);
                    of_call.reply = of_call.reply.take().or(reply);
                    of_call.lines.push(line);
                }
                None => lines.unreadable.push(line),
            }
        }
        lines
    }

    pub(super) fn has_no_calls(&self) -> bool {
        self.calls.is_empty()
    }

    pub(super) fn calls(&self) -> impl Iterator<Item = Uuid> {
        self.calls.keys().copied()
    }

    /// Whether a call that started before `before` has ended.
    pub(super) fn have_ended_before(&self, before: Timestamp) -> bool {
        self.calls.values().any(|call| {
            let started_at = call.time(Column::StartedAt);
            call.ends() && started_at.is_none_or(|at| at < before)
        })
    }

    pub(super) fn waiting(&self) -> Waiting {
        Waiting {
            calls: count(self.calls.len()),
            unreadable: count(self.unreadable.len()),
        }
    }

    /// Enters them in one transaction. Returns the lines to keep, because they form no valid row.
    pub(super) fn enter(self, database: &Connection) -> rusqlite::Result<Vec<u8>> {
        let mut left = self.unreadable;
        let mut change = Transaction::new_unchecked(database, TransactionBehavior::Immediate)?;
        for (call, of_call) in self.calls {
            if !enter_or_reject(&mut change, call, &of_call, Entered::Later)? {
                left.extend(of_call.lines);
            }
        }
        change.commit()?;
        let mut text = left.join(&b'\n');
        if !text.is_empty() {
            text.push(b'\n');
        }
        Ok(text)
    }

    /// Enters those that the ledger does not know.
    fn enter_news(self, change: &mut Transaction<'_>, entered: Entered) -> rusqlite::Result<()> {
        for (call, of_call) in self.calls {
            if is_news(change, call, &of_call)? {
                enter_or_reject(change, call, &of_call, entered)?;
            }
        }
        Ok(())
    }

    fn have_news(&self, database: &Connection) -> rusqlite::Result<bool> {
        for (call, of_call) in &self.calls {
            if is_news(database, *call, of_call)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Enters the lines of a journal, as far as the ledger does not know them, in one transaction. The
/// process of the journal completes those without an end, or is found to be dead.
///
/// The lines are read again by `again`, if it can, under the write lock: until then their process
/// may have written these rows, and a purge removed them.
///
/// # Errors
/// SQLite's; nothing is entered then.
pub(super) fn enter_noted(
    database: &Connection,
    text: &[u8],
    again: impl FnOnce() -> Option<Vec<u8>>,
    entered: Entered,
) -> rusqlite::Result<()> {
    if !Lines::read(text, LinesOf::Journal).have_news(database)? {
        return Ok(());
    }
    let mut change = Transaction::new_unchecked(database, TransactionBehavior::Immediate)?;
    let now = again();
    let text = now.as_deref().unwrap_or(text);
    Lines::read(text, LinesOf::Journal).enter_news(&mut change, entered)?;
    change.commit()
}

/// Whether the row of a call lacks something of its lines.
fn is_news(database: &Connection, call: Uuid, of_call: &OfCall<'_>) -> rusqlite::Result<bool> {
    let attempts = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let found: Option<(String, i64)> = database
        .prepare_cached("SELECT outcome, attempts FROM entries WHERE call_id = ?")?
        .query_row([call.into_bytes()], attempts)
        .optional()?;
    let Some((outcome, attempts)) = found else {
        return Ok(true);
    };
    let is = |expected: Outcome| outcome == expected.as_str();
    let is_unfinished = is(Outcome::Open) || is(Outcome::Interrupted);
    Ok(if of_call.ends() {
        is_unfinished
    } else {
        let stated = of_call.set.get(Column::Attempts.as_str());
        is(Outcome::Open) && stated != Some(&Json::from(attempts))
    })
}

/// Enters a call; `false` if its lines form no row, or one that the table rejects.
fn enter_or_reject(
    change: &mut Transaction<'_>,
    call: Uuid,
    of_call: &OfCall<'_>,
    entered: Entered,
) -> rusqlite::Result<bool> {
    let point = change.savepoint()?;
    match enter_call(&point, call, of_call, entered) {
        Ok(true) => point.commit().map(|()| true),
        Ok(false) => Ok(false),
        Err(rusqlite::Error::SqliteFailure(error, _))
            if error.code == rusqlite::ErrorCode::ConstraintViolation =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Inserts or completes the row of a call; `false` if the lines form no row.
fn enter_call(
    database: &Connection,
    call: Uuid,
    of_call: &OfCall<'_>,
    entered: Entered,
) -> rusqlite::Result<bool> {
    let OfCall { set, .. } = of_call;
    if of_call.ends() {
        // The row was swept before its end was entered.
        completion::reopen(database, CallId::new(call))?;
    }
    let found: Option<String> = database
        .prepare_cached("SELECT outcome FROM entries WHERE call_id = ?")?
        .query_row([call.into_bytes()], |row| row.get(0))
        .optional()?;
    let Some(values) = values(set) else {
        return Ok(false);
    };
    let names: Vec<&str> = set.keys().map(String::as_str).collect();
    let sql = match found.as_deref() {
        None if set.contains_key(Column::StartedAt.as_str()) => format!(
            "INSERT INTO entries ({}) VALUES ({}) RETURNING {}",
            names.join(", "),
            vec!["?"; names.len()].join(", "),
            columns::sealed()
        ),
        None => return Ok(false),
        Some(outcome) if outcome == Outcome::Open.as_str() => format!(
            "UPDATE entries SET {} = ? WHERE call_id = x'{}' RETURNING {}",
            names.join(" = ?, "),
            call.simple(),
            columns::sealed()
        ),
        // It was completed, or entered by a process that crashed before truncating the file.
        Some(_) => return Ok(true),
    };
    let mut statement = database.prepare(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    if let Some(row) = rows.next()? {
        let outcome: String = row.get(Column::Outcome.as_str())?;
        if outcome != Outcome::Open.as_str() {
            let sequence = completion::seal(database, row)?;
            if let (Entered::AtTheirEnd, Some(at)) = (entered, of_call.time(Column::EndedAt)) {
                days::note(database, sequence, at.day())?;
            }
        }
    }
    let call_id = CallId::new(call);
    let reply = of_call.reply.as_deref();
    match (&found, &of_call.prompt, reply) {
        (None, Some(prompt), _) => {
            let started_at = of_call.time(Column::StartedAt);
            let started_at = started_at.unwrap_or(Timestamp::from_millis(0));
            texts::add_both(database, call_id, started_at, prompt, reply)?;
        }
        (Some(_), _, Some(reply)) => texts::answer(database, call_id, reply)?,
        _ => {}
    }
    Ok(true)
}

/// The values in SQL form.
fn values(set: &BTreeMap<String, Json>) -> Option<Vec<Value>> {
    set.iter()
        .map(|(column, value)| match value {
            Json::Null => Some(Value::Null),
            Json::Number(number) => number.as_i64().map(Value::Integer),
            Json::String(text) if is_id(column) => {
                let id = Uuid::parse_str(text).ok()?;
                Some(Value::Blob(id.into_bytes().to_vec()))
            }
            Json::String(text) => Some(Value::Text(text.clone())),
            Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
        })
        .collect()
}

/// Columns with binary ids.
fn is_id(name: &str) -> bool {
    let mut found = columns::content().filter(|column| column.name == name);
    found.any(|column| matches!(column.sql, SqlType::Key | SqlType::Id))
}

/// A line with a valid hash or checksum and known columns.
fn understood(line: &[u8], of: LinesOf) -> Option<JournalLine> {
    let line = std::str::from_utf8(line).ok()?;
    let (stated, text) = line.split_once(' ')?;
    let is_whole = match of {
        LinesOf::Spool => hash(text) == stated,
        LinesOf::Journal => checksum(text.as_bytes()) == stated,
    };
    if !is_whole {
        return None;
    }
    let line: JournalLine = serde_json::from_str(text).ok()?;
    let known = |name: &String| columns::content().any(|column| column.name == name);
    line.set.keys().all(known).then_some(line)
}

fn json(value: &ToSqlOutput<'_>) -> Json {
    match value_of(value) {
        ValueRef::Null | ValueRef::Real(_) => Json::Null,
        ValueRef::Integer(number) => Json::from(number),
        ValueRef::Text(text) => Json::from(String::from_utf8_lossy(text)),
        ValueRef::Blob(id) => {
            Uuid::from_slice(id).map_or(Json::Null, |id| Json::from(id.to_string()))
        }
    }
}

fn hash(text: &str) -> String {
    let digest = digest(&SHA256, text.as_bytes());
    digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// CRC-32, in hexadecimal.
fn checksum(text: &[u8]) -> String {
    format!("{:08x}", crc32fast::hash(text))
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Length of a checksum in hexadecimal.
const CHECKSUM: usize = 8;
/// More than most lines need.
const ROOM: usize = 1_024;
