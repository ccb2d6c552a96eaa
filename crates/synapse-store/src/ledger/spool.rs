//! Rows that could not be written to the ledger, in a small file beside it: one hashed line per
//! change of a row. The next process that can write the ledger enters them, once.
//!
//! Every access holds the file's lock. Lines are entered in one transaction, then the file is
//! truncated; after a crash in between, the next process skips lines of rows that are already
//! complete.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::time::{Duration, Instant};

use ring::digest::{SHA256, digest};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{
    Connection, OptionalExtension as _, Transaction, TransactionBehavior, params_from_iter,
};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use synapse_core::Failure;
use synapse_core::call::CallId;
use synapse_core::ledger::{Column, Outcome, Waiting};
use synapse_core::time::Timestamp;
use synapse_files::private_options;
use synapse_home::Home;
use synapse_home::failure::{locked, of_file, writing};
use uuid::Uuid;

use super::columns::{self, SqlType};
use super::completion;
use super::rows::RowWriter;
use super::sql::{key, value_of};
use super::texts;
use super::work::Work;
use crate::failure::sqlite;

/// The columns one line sets in a call's row.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    call: Uuid,
    set: BTreeMap<String, Json>,
    /// Only in the journal of a process: the spool may stay, and texts are not kept in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prompt: Option<String>,
}

/// The file that a line is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LinesOf {
    Spool,
    Journal,
}

/// A line with the columns that `works` set.
fn line(rows: &RowWriter, works: &[Work]) -> String {
    let mut set = BTreeMap::new();
    for work in works {
        rows.settings(work, |column, value| {
            set.insert(column.to_owned(), json(value));
        });
    }
    let line = Line {
        call: works
            .first()
            .map(|work| key(work.call_id()))
            .unwrap_or_default(),
        set,
        prompt: None,
    };
    // Plain text and numbers always serialise.
    let text = serde_json::to_string(&line).unwrap_or_default();
    format!("{} {text}\n", hash(&text))
}

/// A line of a journal: the same, with its prompt and a checksum that finds a line that was cut or
/// overwritten.
///
/// Written without the values in between, because this is on the path of every call.
pub(super) fn noted_line(rows: &RowWriter, work: &Work) -> Vec<u8> {
    let mut line = vec![b' '; CHECKSUM + 1];
    line.reserve(ROOM + work.text().map_or(0, str::len));
    line.extend_from_slice(b"{\"call\":");
    append(&mut line, &key(work.call_id()));
    line.extend_from_slice(b",\"set\":{");
    let mut is_first = true;
    rows.settings(work, |column, value| {
        let value = value_of(value);
        // Columns are NULL until they are set.
        if value == ValueRef::Null {
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
    if let Some(prompt) = work.text() {
        line.extend_from_slice(b",\"prompt\":");
        append(&mut line, prompt);
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

/// Appends the columns set by `works`.
///
/// # Errors
/// Why it cannot be written; the file is left unchanged.
pub(super) fn keep(home: &Home, rows: &RowWriter, works: &[Work]) -> Result<(), Failure> {
    let path = home.spool();
    let failure = |error: &io::Error| writing(&path, error);
    let line = line(rows, works);
    home.create().map_err(of_file)?;
    let file = private_options()
        .read(true)
        .append(true)
        .create(true)
        .open(&path)
        .map_err(|error| failure(&error))?;
    let _lock = Locked::acquire(&file, home)?;
    let length = file.metadata().map_err(|error| failure(&error))?.len();
    if length.saturating_add(line.len() as u64) > CAP {
        return Err(writing(
            &path,
            &io::Error::other("it holds as much as it may"),
        ));
    }
    (&file).write_all(line.as_bytes()).map_err(|error| {
        // A partial line would make the next one unreadable too.
        drop(file.set_len(length));
        failure(&error)
    })
}

/// Whether the spool has lines.
pub(super) fn waits(home: &Home) -> bool {
    std::fs::metadata(home.spool()).is_ok_and(|found| found.len() > 0)
}

/// The amount of spooled data. An unreadable file counts as one unreadable line.
pub(super) fn waiting(home: &Home) -> Waiting {
    match File::open(home.spool()) {
        Err(error) if error.kind() == ErrorKind::NotFound => Waiting::default(),
        Err(_) => Waiting {
            calls: 0,
            unreadable: 1,
        },
        Ok(file) => {
            let mut text = Vec::new();
            match file.take(2 * CAP).read_to_end(&mut text) {
                Ok(_) => Lines::read(&text, LinesOf::Spool).waiting(),
                Err(_) => Waiting {
                    calls: 0,
                    unreadable: 1,
                },
            }
        }
    }
}

/// Enters the spooled lines into `database` in one transaction. Does nothing if there are none.
pub(super) fn enter(database: &Connection, home: &Home) -> Result<(), Failure> {
    let path = home.spool();
    if !waits(home) {
        return Ok(());
    }
    let failure = |error: &io::Error| writing(&path, error);
    let file = File::options()
        .read(true)
        .write(true)
        .open(&path)
        .map_err(|error| failure(&error))?;
    let _lock = Locked::acquire(&file, home)?;
    let mut text = Vec::new();
    (&file)
        .take(2 * CAP)
        .read_to_end(&mut text)
        .map_err(|error| failure(&error))?;
    let lines = Lines::read(&text, LinesOf::Spool);
    if lines.calls.is_empty() {
        return Ok(());
    }
    let left = lines
        .enter(database)
        .map_err(|error| sqlite(&home.ledger(), &error))?;
    (&file)
        .seek(SeekFrom::Start(0))
        .and_then(|_| file.set_len(0))
        .and_then(|()| (&file).write_all(&left))
        .map_err(|error| failure(&error))
}

/// Enters the lines of calls in progress, as far as the ledger does not know them, in one
/// transaction. They are rows of a process that completes them, or is found to be dead.
///
/// # Errors
/// SQLite's; nothing is entered then.
pub(super) fn enter_noted(database: &Connection, text: &[u8]) -> rusqlite::Result<()> {
    let mut lines = Lines::read(text, LinesOf::Journal);
    let mut news = BTreeMap::new();
    for (call, of_call) in std::mem::take(&mut lines.calls) {
        if is_news(database, call, &of_call.set)? {
            news.insert(call, of_call);
        }
    }
    if news.is_empty() {
        return Ok(());
    }
    lines.calls = news;
    lines.enter(database).map(drop)
}

/// Whether the row of a call lacks something of a line.
fn is_news(
    database: &Connection,
    call: Uuid,
    set: &BTreeMap<String, Json>,
) -> rusqlite::Result<bool> {
    let attempts = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let found: Option<(String, i64)> = database
        .prepare_cached("SELECT outcome, attempts FROM entries WHERE call_id = ?")?
        .query_row([call.into_bytes()], attempts)
        .optional()?;
    Ok(match found {
        None => true,
        Some((outcome, attempts)) => {
            outcome == Outcome::Open.as_str() && set.get("attempts") != Some(&Json::from(attempts))
        }
    })
}

/// The columns to set in a call's row.
#[derive(Debug, Default)]
struct OfCall<'a> {
    prompt: Option<String>,
    set: BTreeMap<String, Json>,
    lines: Vec<&'a [u8]>,
}

/// The lines of a file, grouped by call.
#[derive(Debug, Default)]
struct Lines<'a> {
    calls: BTreeMap<Uuid, OfCall<'a>>,
    unreadable: Vec<&'a [u8]>,
}

impl<'a> Lines<'a> {
    fn read(text: &'a [u8], of: LinesOf) -> Self {
        let mut lines = Self::default();
        for line in text
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            match understood(line, of) {
                Some(Line { call, set, prompt }) => {
                    let of_call = lines.calls.entry(call).or_default();
                    of_call.set.extend(set);
                    of_call.prompt = of_call.prompt.take().or(prompt);
                    of_call.lines.push(line);
                }
                None => lines.unreadable.push(line),
            }
        }
        lines
    }

    fn waiting(&self) -> Waiting {
        Waiting {
            calls: count(self.calls.len()),
            unreadable: count(self.unreadable.len()),
        }
    }

    /// Returns the lines to keep, because they form no valid row.
    fn enter(self, database: &Connection) -> rusqlite::Result<Vec<u8>> {
        let mut left = self.unreadable;
        let mut change = Transaction::new_unchecked(database, TransactionBehavior::Immediate)?;
        for (call, OfCall { prompt, set, lines }) in self.calls {
            let point = change.savepoint()?;
            match enter_call(&point, call, &set, prompt.as_deref()) {
                Ok(true) => point.commit()?,
                Ok(false) => left.extend(lines),
                // The table rejects the row.
                Err(rusqlite::Error::SqliteFailure(error, _))
                    if error.code == rusqlite::ErrorCode::ConstraintViolation =>
                {
                    left.extend(lines);
                }
                Err(error) => return Err(error),
            }
        }
        change.commit()?;
        let mut text = left.join(&b'\n');
        if !text.is_empty() {
            text.push(b'\n');
        }
        Ok(text)
    }
}

/// Inserts or completes the row of a call; `false` if the lines form no row.
fn enter_call(
    database: &Connection,
    call: Uuid,
    set: &BTreeMap<String, Json>,
    prompt: Option<&str>,
) -> rusqlite::Result<bool> {
    let ends = set
        .get("outcome")
        .is_some_and(|outcome| *outcome != Outcome::Open.as_str());
    if ends {
        // The row was swept before its end was spooled here.
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
        None if set.contains_key("started_at") => format!(
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
            completion::seal(database, row)?;
        }
    }
    if let (None, Some(prompt)) = (found, prompt) {
        let started_at = set.get("started_at").and_then(Json::as_i64);
        let started_at = Timestamp::from_millis(started_at.unwrap_or_default());
        texts::add(database, CallId::new(call), started_at, prompt)?;
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
fn understood(line: &[u8], of: LinesOf) -> Option<Line> {
    let line = std::str::from_utf8(line).ok()?;
    let (stated, text) = line.split_once(' ')?;
    let is_whole = match of {
        LinesOf::Spool => hash(text) == stated,
        LinesOf::Journal => checksum(text.as_bytes()) == stated,
    };
    if !is_whole {
        return None;
    }
    let line: Line = serde_json::from_str(text).ok()?;
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

/// The lock on the file during an access.
struct Locked<'a>(&'a File);

impl<'a> Locked<'a> {
    fn acquire(file: &'a File, home: &Home) -> Result<Self, Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(std::fs::TryLockError::Error(error)) => {
                    return Err(writing(&home.spool(), &error));
                }
                Err(std::fs::TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(POLL);
                }
                Err(std::fs::TryLockError::WouldBlock) => return Err(locked(&home.spool())),
            }
        }
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        drop(self.0.unlock());
    }
}

/// Length of a checksum in hexadecimal.
const CHECKSUM: usize = 8;
/// More than most lines need.
const ROOM: usize = 1_024;
/// About 1,000 calls.
const CAP: u64 = 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(2);
