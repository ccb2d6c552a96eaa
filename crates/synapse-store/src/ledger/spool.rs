//! Rows that could not be written to the ledger, in a small file beside it: one hashed line per
//! change of a row. The next process that can write the ledger enters them, once.
//!
//! Every access holds the file's lock. Lines are entered in one transaction, then the file is
//! truncated; after a crash in between, the next process skips lines of rows that are already
//! complete.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use synapse_core::Failure;
use synapse_core::ledger::Waiting;
use synapse_files::private_options;
use synapse_home::Home;
use synapse_home::failure::{locked, of_file, writing};

use super::lines::{Lines, LinesOf, spooled_line};
use super::rows::RowWriter;
use super::work::Work;
use crate::failure::sqlite;

/// Appends the columns set by `works`.
///
/// # Errors
/// Why it cannot be written; the file is left unchanged.
pub(super) fn keep(home: &Home, rows: &RowWriter, works: &[Work]) -> Result<(), Failure> {
    let path = home.spool();
    let failure = |error: &io::Error| writing(&path, error);
    let line = spooled_line(rows, works);
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
    if lines.has_no_calls() {
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

/// About 1,000 calls.
const CAP: u64 = 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(2);
