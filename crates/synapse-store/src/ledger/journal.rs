//! The calls in progress of one process, in a small file of its own: a row that is written once,
//! complete, costs half of one that is opened and completed, and its call waits for no other
//! thread before it is sent.
//!
//! A line is in the file before the call goes on, and survives any end of the process. Every reader
//! of the ledger enters the lines of all processes first ([`enter`]): a call in progress is shown,
//! and that of a dead process becomes `interrupted`. Lines have the columns of the spool's. Those of a
//! call whose row is written are spoiled, because a purge may have removed the row since. The text
//! ends at the first zero byte, which is the first byte of all while no call is in progress.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use synapse_core::call::CallId;
use synapse_files::private_options;
use synapse_home::Home;
use uuid::Uuid;

use super::changes::Changes;
use super::presence::{Departed, writer_of};
use super::rows::RowWriter;
use super::spool;
use super::work::Work;

/// The journal of this process.
#[derive(Debug)]
pub(super) struct Journal {
    home: Home,
    writer: Uuid,
    /// Whether the last change of a row reached the ledger. Otherwise a call must learn of the
    /// failure before it is sent.
    is_sound: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    rows: RowWriter,
    file: Option<File>,
    /// Where the next line begins.
    end: u64,
    /// Calls whose lines are needed.
    needed: usize,
    /// Prompts must not stay in the file.
    has_text: bool,
    /// Calls that are in no row yet.
    calls: HashMap<CallId, InProgress>,
}

/// A call that is in no row yet.
#[derive(Debug, Default)]
struct InProgress {
    /// Its changes, in order.
    works: Vec<Work>,
    /// Where its lines begin.
    lines: Vec<u64>,
}

/// Keeps the lines of a call until its row is written.
#[derive(Debug)]
struct Noted {
    journal: Arc<Journal>,
    lines: Vec<u64>,
}

/// The result of noting a later change of a call.
pub(super) enum Continued {
    /// It is durable.
    Noted,
    /// The call has a row, or none at all. The change itself.
    Absent(Work),
    /// It could not be noted: to be written as a row now.
    Failed(Changes),
}

impl Journal {
    pub(super) fn new(home: Home, writer: Uuid) -> Arc<Self> {
        Arc::new(Self {
            home,
            writer,
            is_sound: AtomicBool::new(false),
            state: Mutex::new(State {
                rows: RowWriter::new(writer),
                file: None,
                end: 0,
                needed: 0,
                has_text: false,
                calls: HashMap::new(),
            }),
        })
    }

    /// Records whether the ledger can be written.
    pub(super) fn found(&self, sound: Soundness) {
        self.is_sound
            .store(sound == Soundness::Sound, Ordering::Release);
    }

    /// Notes the start of a call.
    ///
    /// # Errors
    /// The change itself, if it must become a row at once.
    pub(super) fn begin(&self, work: Work) -> Result<(), Work> {
        let length = work.text().map_or(0, str::len);
        if !self.is_sound.load(Ordering::Acquire) || length > LONGEST_TEXT {
            return Err(work);
        }
        let mut state = self.lock();
        let Ok(line) = self.append(&mut state, &work) else {
            return Err(work);
        };
        state.needed += 1;
        state.has_text |= length > 0;
        let begun = InProgress {
            lines: vec![line],
            ..InProgress::default()
        };
        let call = state.calls.entry(work.call_id()).or_insert(begun);
        call.works.push(work);
        Ok(())
    }

    /// Notes a later change of a call.
    pub(super) fn go_on(self: &Arc<Self>, work: Work) -> Continued {
        let call_id = work.call_id();
        let mut state = self.lock();
        let Some(mut call) = state.calls.remove(&call_id) else {
            return Continued::Absent(work);
        };
        let noted = self.append(&mut state, &work);
        call.works.push(work);
        match noted {
            Ok(line) => {
                call.lines.push(line);
                state.calls.insert(call_id, call);
                Continued::Noted
            }
            Err(_) => Continued::Failed(self.taken(call)),
        }
    }

    /// Takes a call out, to write its row.
    pub(super) fn take(self: &Arc<Self>, call_id: CallId) -> Option<Changes> {
        let call = self.lock().calls.remove(&call_id)?;
        Some(self.taken(call))
    }

    /// Takes all calls out.
    pub(super) fn take_all(self: &Arc<Self>) -> Vec<Changes> {
        let calls = std::mem::take(&mut self.lock().calls);
        calls.into_values().map(|call| self.taken(call)).collect()
    }

    fn taken(self: &Arc<Self>, InProgress { works, lines }: InProgress) -> Changes {
        let journal = Arc::clone(self);
        Changes::new(works, Box::new(Noted { journal, lines }))
    }

    /// Removes the file, unless it has lines of calls that could not be written.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        if state.file.take().is_some() && state.needed == 0 {
            // Best effort: without lines it means nothing.
            drop(fs::remove_file(path(&self.home, self.writer)));
        }
    }

    /// Appends a line; returns where it begins.
    fn append(&self, state: &mut State, work: &Work) -> io::Result<u64> {
        let mut line = spool::noted_line(&state.rows, work);
        let length = line.len() as u64;
        if state.end + length > CAP {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        line.push(END);
        let end = state.end;
        let file = match &mut state.file {
            Some(file) => file,
            none => none.insert(
                private_options()
                    .write(true)
                    .create(true)
                    .truncate(true)
                    .open(path(&self.home, self.writer))?,
            ),
        };
        file.seek(SeekFrom::Start(end))?;
        file.write_all(&line)?;
        state.end += length;
        Ok(end)
    }

    /// The call with these lines needs them no more.
    fn settle(&self, lines: &[u64]) {
        let mut state = self.lock();
        state.needed = state.needed.saturating_sub(1);
        let Some(mut file) = state.file.as_ref() else {
            return;
        };
        let mut put = |place: u64, byte: u8| {
            file.seek(SeekFrom::Start(place))
                .and_then(|_| file.write_all(&[byte]))
        };
        // Best effort: lines of complete rows are skipped.
        if state.needed > 0 {
            let spoiled = lines.iter().try_for_each(|line| put(*line, SPOILED));
            drop(spoiled);
            return;
        }
        let emptied = if state.has_text {
            file.set_len(0)
        } else {
            put(0, END)
        };
        drop(emptied);
        state.has_text = false;
        state.end = 0;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the ledger can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Soundness {
    Sound,
    Broken,
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.journal.settle(&self.lines);
    }
}

/// Enters the calls in progress of all processes as rows. The files of dead ones are removed then.
pub(super) fn enter(database: &Connection, home: &Home) {
    let Ok(entries) = fs::read_dir(home.run()) else {
        return;
    };
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    for path in paths.filter(|path| path.extension().is_some_and(|found| found == EXTENSION)) {
        // Before reading: what a process wrote before its death is then read.
        let departed = writer_of(&path, EXTENSION).and_then(|id| Departed::check(home, id));
        let Ok(text) = lines(&path) else {
            continue;
        };
        let entered = text.is_empty() || spool::enter_noted(database, &text).is_ok();
        if entered && departed.is_some() {
            // Best effort: entering them twice changes nothing.
            drop(fs::remove_file(&path));
        }
    }
}

fn lines(path: &Path) -> io::Result<Vec<u8>> {
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

fn path(home: &Home, writer: Uuid) -> PathBuf {
    home.run().join(format!("{writer}.{EXTENSION}"))
}

const EXTENSION: &str = "calls";
const END: u8 = 0;
/// Begins no line.
const SPOILED: u8 = b'-';
/// More than a few hundred calls at once; later ones become rows at once.
const CAP: u64 = 512 * 1024;
/// A longer prompt becomes part of a row at once.
const LONGEST_TEXT: usize = 32 * 1024;
const FIRST_READ: usize = 4 * 1024;
