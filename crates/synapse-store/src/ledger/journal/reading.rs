//! Reading the journals of all processes.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use synapse_core::Failure;
use synapse_core::time::Timestamp;
use synapse_home::Home;
use synapse_home::failure::reading;
use uuid::Uuid;

use super::super::lines::{Entered, Lines, LinesOf, enter_noted};
use super::super::presence::{Departed, writer_of};
use super::file::{DRAFT, END};
use super::{CAP, EXTENSION, path};
use crate::failure::sqlite;

/// Enters the calls of all processes as rows. The files of dead ones are removed then.
///
/// # Errors
/// `storage.*`, the first; the calls of the other processes are entered.
pub(in crate::ledger) fn enter(database: &Connection, home: &Home) -> Result<(), Failure> {
    enter_those(database, home, |_| true)
}

/// Enters the calls of all processes but `own`.
///
/// # Errors
/// As [`enter`].
pub(in crate::ledger) fn enter_others(
    database: &Connection,
    home: &Home,
    own: Uuid,
) -> Result<(), Failure> {
    enter_those(database, home, |writer| writer != own)
}

/// Enters the calls of a dead process.
pub(in crate::ledger) fn enter_departed(database: &Connection, home: &Home, departed: &Departed) {
    // Best effort: its file stays, and corrects the rows of its calls later.
    drop(enter_file(
        database,
        home,
        &path(home, departed.writer),
        Some(departed),
    ));
}

/// The calls with lines in a journal: their rows may be entered again.
pub(in crate::ledger) fn noted_calls(home: &Home) -> BTreeSet<[u8; 16]> {
    let mut calls = BTreeSet::new();
    for (path, _) in journals(home) {
        if let Ok(text) = text(&path) {
            let lines = Lines::read(&text, LinesOf::Journal);
            calls.extend(lines.calls().map(Uuid::into_bytes));
        }
    }
    calls
}

/// Whether a journal has lines of an ended call that started before `before`: its process writes
/// the row soon.
pub(in crate::ledger) fn have_ended_before(home: &Home, before: Timestamp) -> bool {
    journals(home).iter().any(|(path, _)| {
        text(path).is_ok_and(|text| Lines::read(&text, LinesOf::Journal).have_ended_before(before))
    })
}

fn enter_those(
    database: &Connection,
    home: &Home,
    which: impl Fn(Uuid) -> bool,
) -> Result<(), Failure> {
    let mut result = Ok(());
    for (path, writer) in journals(home) {
        if writer.is_none_or(&which) {
            // Before reading: everything that a process wrote before its death is then read.
            let departed = writer.and_then(|id| Departed::check(home, id));
            let entered = enter_file(database, home, &path, departed.as_ref());
            result = result.and(entered);
        }
    }
    result
}

fn enter_file(
    database: &Connection,
    home: &Home,
    path: &Path,
    departed: Option<&Departed>,
) -> Result<(), Failure> {
    let text = match text(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(reading(path, &error)),
    };
    let entered = match departed {
        Some(_) => Entered::Later,
        None => Entered::AtTheirEnd,
    };
    if !text.is_empty() {
        let again = || match self::text(path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == ErrorKind::NotFound => Some(Vec::new()),
            Err(_) => None,
        };
        enter_noted(database, &text, again, entered)
            .map_err(|error| sqlite(&home.ledger(), &error))?;
    }
    if departed.is_some() {
        // Best effort: entering them twice changes nothing.
        drop(fs::remove_file(path));
    }
    Ok(())
}

/// The files of all processes. Removes drafts of dead ones.
fn journals(home: &Home) -> Vec<(PathBuf, Option<Uuid>)> {
    let Ok(entries) = fs::read_dir(home.run()) else {
        return Vec::new();
    };
    let mut journals = Vec::new();
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        let Some(extension) = path.extension() else {
            continue;
        };
        if extension == EXTENSION {
            let writer = writer_of(&path, EXTENSION);
            journals.push((path, writer));
        } else if extension == DRAFT
            && let Some(writer) = writer_of(&path, DRAFT)
            && Departed::check(home, writer).is_some()
        {
            drop(fs::remove_file(&path));
        }
    }
    journals
}

fn text(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut text = vec![0; FIRST_READ];
    let read = file.read(&mut text)?;
    text.truncate(read);
    if !text.contains(&END) {
        file.take(2 * CAP).read_to_end(&mut text)?;
    }
    let end = text.iter().position(|byte| *byte == END);
    text.truncate(end.unwrap_or(text.len()));
    Ok(text)
}

const FIRST_READ: usize = 4 * 1024;
