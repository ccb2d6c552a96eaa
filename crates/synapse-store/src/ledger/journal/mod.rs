//! The calls of one process whose rows are not written yet, in a small file of its own: a call waits
//! for no other thread, neither before its request is sent nor before its answer is returned, and
//! the rows of many are written together.
//!
//! A line is in the file before its call goes on, and survives any end of the process. Every reader
//! of the ledger enters the lines of all processes first ([`enter`]): an ended call is a complete
//! row, a call in progress an open one, and that of a dead process becomes `interrupted`.
//!
//! **Invariant:** the lines of a call are in the file until its row is in the ledger or the spool,
//! and no longer: a row that a purge removed must not be entered again. For the same reason a purge
//! leaves the rows of calls that have lines.

mod file;
mod reading;

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use synapse_core::Failure;
use synapse_core::call::CallId;
use synapse_home::Home;
use uuid::Uuid;

use self::file::{JournalFile, Old, Place};
pub(super) use self::reading::{
    enter, enter_departed, enter_others, have_ended_before, noted_calls,
};
use super::changes::{Changes, InJournal};
use super::lines::noted_line;
use super::rows::RowWriter;
use super::work::Work;

/// The journal of this process.
#[derive(Debug)]
pub(super) struct Journal {
    /// Whether the last change of a row reached the ledger. Otherwise a call must learn of the
    /// failure before it is sent.
    is_sound: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    rows: RowWriter,
    file: JournalFile,
    /// Prompts and answers must not stay in the file.
    has_text: bool,
    /// Calls with lines.
    calls: HashMap<CallId, Noted>,
    /// A row that could not be written, of a call that was answered before.
    unreported: Option<Failure>,
}

/// A call with lines.
#[derive(Debug, Default)]
struct Noted {
    /// Its changes, in order, until they are taken.
    works: Vec<Work>,
    lines: Vec<Place>,
    /// Whether its open row is in the ledger, which `works` continue.
    has_row: bool,
}

/// The result of noting a later change of a call.
pub(super) enum Continued {
    /// It is durable.
    Noted,
    /// To be written as a row now: the change itself if the call has a row, or else all of them.
    Row(Changes),
}

/// The result of noting the end of a call: how its row is written.
pub(super) enum Ended {
    /// Later: the end is durable.
    Later(Changes),
    /// The same, but soon, because the file is becoming large.
    Soon(Changes),
    /// Now: the end is not durable.
    Now(Changes),
}

impl Journal {
    pub(super) fn new(home: &Home, writer: Uuid) -> Self {
        Self {
            is_sound: AtomicBool::new(false),
            state: Mutex::new(State {
                rows: RowWriter::new(writer),
                file: JournalFile::new(path(home, writer)),
                has_text: false,
                calls: HashMap::new(),
                unreported: None,
            }),
        }
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
        if !self.takes(&work) {
            return Err(work);
        }
        let mut state = self.lock();
        if state.append(&work).is_err() {
            return Err(work);
        }
        state.keep(work);
        Ok(())
    }

    /// Notes a later change of a call.
    pub(super) fn go_on(&self, work: Work) -> Continued {
        let mut state = self.lock();
        if !state.is_noted(work.call_id()) {
            return Continued::Row(work.into());
        }
        match state.append(&work) {
            Ok(()) => {
                state.keep(work);
                Continued::Noted
            }
            Err(_) => Continued::Row(state.take_with(work)),
        }
    }

    /// Notes the end of a call, and takes it out.
    pub(super) fn end(&self, work: Work) -> Ended {
        let mut state = self.lock();
        if !state.is_noted(work.call_id()) {
            return Ended::Now(work.into());
        }
        let noted = self.takes(&work) && state.append(&work).is_ok();
        let mut changes = state.take_with(work);
        if !noted {
            return Ended::Now(changes);
        }
        changes.lines = InJournal::Ended;
        if state.file.end() > CAP / 2 {
            Ended::Soon(changes)
        } else {
            Ended::Later(changes)
        }
    }

    /// Notes the later changes of a call whose open row is in the ledger.
    pub(super) fn follow(&self, call_id: CallId) {
        let followed = Noted {
            has_row: true,
            ..Noted::default()
        };
        self.lock().calls.insert(call_id, followed);
    }

    /// Takes a call in progress out, to write its row.
    pub(super) fn take(&self, call_id: CallId) -> Option<Changes> {
        let works = self.lock().take(call_id)?;
        Some(Changes {
            works,
            lines: InJournal::Begun,
        })
    }

    /// Takes all calls in progress out.
    pub(super) fn take_all(&self) -> Vec<Changes> {
        let mut state = self.lock();
        let calls: Vec<CallId> = state.calls.keys().copied().collect();
        let taken = calls.into_iter().filter_map(|call_id| {
            state.take(call_id).map(|works| Changes {
                works,
                lines: InJournal::Begun,
            })
        });
        let taken = taken.collect();
        state.calls.retain(|_, noted| !noted.lines.is_empty());
        taken
    }

    /// The rows of these calls are in the ledger or the spool: their lines are removed.
    pub(super) fn settle(&self, calls: &[CallId]) {
        if calls.is_empty() {
            return;
        }
        let mut state = self.lock();
        let settled = calls
            .iter()
            .filter_map(|call_id| state.calls.remove(call_id));
        let mut lines: Vec<Place> = settled.flat_map(|noted| noted.lines).collect();
        if state.calls.is_empty() {
            let old = if state.has_text { Old::Never } else { Old::May };
            state.file.empty(old);
            state.has_text = false;
            return;
        }
        lines.sort_unstable();
        state.file.overwrite(&lines);
        if state.file.end() > LARGE {
            state.shrink();
        }
    }

    /// Keeps a failure for the next report: the row of a call that was answered before.
    pub(super) fn report_later(&self, failure: Failure) {
        self.lock().unreported.get_or_insert(failure);
    }

    /// The failure to report, once.
    pub(super) fn report(&self) -> Option<Failure> {
        self.lock().unreported.take()
    }

    /// Removes the file, unless it has lines of calls that could not be written.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        if state.calls.is_empty() {
            state.file.remove();
        }
    }

    /// Whether it takes a change of a call without a row.
    fn takes(&self, work: &Work) -> bool {
        let length = work.text().map_or(0, str::len);
        self.is_sound.load(Ordering::Acquire) && length <= LONGEST_TEXT
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether later changes of a call are noted.
    fn is_noted(&self, call_id: CallId) -> bool {
        let noted = self.calls.get(&call_id);
        noted.is_some_and(|noted| noted.has_row || !noted.works.is_empty())
    }

    /// Notes a change of a call.
    fn append(&mut self, work: &Work) -> io::Result<()> {
        let line = noted_line(&self.rows, work);
        if self.file.end() + line.len() as u64 > CAP {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let line = self.file.append(line)?;
        self.has_text |= work.text().is_some();
        let noted = self.calls.entry(work.call_id()).or_default();
        noted.lines.push(line);
        Ok(())
    }

    /// Keeps a change until the row of its call is written.
    fn keep(&mut self, work: Work) {
        let noted = self.calls.entry(work.call_id()).or_default();
        noted.works.push(work);
    }

    /// The changes of a call that are in no row. Its lines stay until it is settled.
    fn take(&mut self, call_id: CallId) -> Option<Vec<Work>> {
        let noted = self.calls.get_mut(&call_id)?;
        noted.has_row = false;
        let works = std::mem::take(&mut noted.works);
        (!works.is_empty()).then_some(works)
    }

    /// The same, with the last change.
    fn take_with(&mut self, work: Work) -> Changes {
        let mut works = self.take(work.call_id()).unwrap_or_default();
        works.push(work);
        Changes {
            works,
            lines: InJournal::Begun,
        }
    }

    /// Removes what was overwritten. Best effort: later calls become rows at once, when it is full.
    fn shrink(&mut self) {
        let lines = self.calls.values_mut().flat_map(|noted| &mut noted.lines);
        let mut lines: Vec<&mut Place> = lines.collect();
        lines.sort_unstable();
        drop(self.file.shrink(&mut lines));
    }
}

/// Whether the ledger can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Soundness {
    Sound,
    Broken,
}

fn path(home: &Home, writer: Uuid) -> PathBuf {
    home.run().join(format!("{writer}.{EXTENSION}"))
}

const EXTENSION: &str = "calls";
/// More than a few hundred calls at once; later ones become rows at once.
const CAP: u64 = 512 * 1024;
/// Overwritten lines are removed from here on.
const LARGE: u64 = 64 * 1024;
/// A longer prompt or answer becomes part of a row at once.
const LONGEST_TEXT: usize = 32 * 1024;
