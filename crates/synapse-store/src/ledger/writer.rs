//! The writer thread: writes all rows of this process in order, pending ones together in one
//! transaction. Rows of ended calls that are in the journal wait for others.
//!
//! Unwritable rows go to the spool, or to memory if that fails too, and are entered before
//! anything else.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use synapse_core::call::CallId;
use synapse_core::ledger::Reservation;
use synapse_core::limits::LimitDecision;
use synapse_core::{Code, Failure};
use synapse_home::Home;
use synapse_home::failure::shown;
use tokio::sync::oneshot::Sender;
use uuid::Uuid;

use super::changes::{Changes, InJournal};
use super::completion::Completed;
use super::journal::{self, Journal, Soundness};
use super::presence::{self, Presence};
use super::queue::{Queue, Taken};
use super::retention::Retention;
use super::rows::{Batch, RowWriter};
use super::{database, reserve, spool, sweep};
use crate::failure::sqlite;

/// A message to the thread.
pub(super) enum Job {
    /// Change a row, then reply, if somebody waits.
    Row {
        changes: Changes,
        reply: Option<Sender<Result<(), Failure>>>,
        /// Set when it is written.
        done: Completed,
    },
    /// Check an open row against its limits, then reply.
    Reserve {
        reservation: Box<Reservation>,
        reply: Sender<Result<LimitDecision, Failure>>,
        /// Set when it is decided; `None` without such a row.
        decision: Option<LimitDecision>,
    },
    /// Reply with the first unreported failure since the last flush.
    Flush(Sender<Result<(), Failure>>),
    /// Reply, and leave failures to the next report.
    Settle(Sender<Result<(), Failure>>),
}

impl Job {
    pub(super) const fn row(changes: Changes, reply: Option<Sender<Result<(), Failure>>>) -> Self {
        Self::Row {
            changes,
            reply,
            done: Completed::Missing,
        }
    }

    pub(super) fn reserve(
        reservation: Reservation,
        reply: Sender<Result<LimitDecision, Failure>>,
    ) -> Self {
        Self::Reserve {
            reservation: Box::new(reservation),
            reply,
            decision: None,
        }
    }

    /// The call whose lines are not needed when this is done.
    fn noted(&self) -> Option<CallId> {
        match self {
            Self::Row { changes, .. } if changes.lines != InJournal::None => {
                Some(changes.call_id())
            }
            Self::Row { .. } | Self::Reserve { .. } | Self::Flush(_) | Self::Settle(_) => None,
        }
    }

    fn carry_out(
        &mut self,
        database: &Connection,
        rows: &RowWriter,
        batch: &mut Batch,
    ) -> rusqlite::Result<()> {
        match self {
            Self::Row { changes, done, .. } => *done = rows.write_all(database, changes, batch)?,
            Self::Reserve {
                reservation,
                decision,
                ..
            } => {
                rows.store(database, batch)?;
                *decision = reserve::reserve(database, reservation)?;
            }
            Self::Flush(_) | Self::Settle(_) => {}
        }
        Ok(())
    }
}

/// The state of the thread.
pub(super) struct Writer {
    home: Home,
    rows: RowWriter,
    id: Uuid,
    journal: Arc<Journal>,
    /// Opened for the first row, and again after a failure, because the cause may have been fixed.
    database: Option<Connection>,
    presence: Option<Presence>,
    /// The spool may contain our lines.
    spooled: bool,
    /// Changes that could not be written anywhere, retried with the next job.
    unwritten: Vec<Changes>,
    /// How long a lock is waited for. Short after a wait that failed, until the lock is free: a
    /// prompt has up to four changes, and the spool keeps them without another wait.
    patience: Duration,
    retention: Retention,
}

impl Writer {
    pub(super) fn new(home: Home, id: Uuid, journal: Arc<Journal>) -> Self {
        Self {
            journal,
            retention: Retention::new(home.clone()),
            home,
            id,
            rows: RowWriter::new(id),
            database: None,
            presence: None,
            spooled: false,
            unwritten: Vec::new(),
            patience: database::PATIENCE,
        }
    }

    /// Runs until the queue is closed and empty.
    pub(super) fn run(mut self, queue: &Arc<Queue<Job>>) {
        loop {
            let taken = if self.retention.is_due() {
                queue.take_now()
            } else {
                queue.take()
            };
            match taken {
                Taken::Jobs(jobs) => self.work(jobs),
                // Removes old rows while idle.
                Taken::Nothing => self.retention.work(self.database.as_ref()),
                Taken::End => break,
            }
        }
        if self.spooled || !self.unwritten.is_empty() {
            drop(self.ready());
        }
        // The presence file goes last: until then the rows are ours.
        drop(self.database.take());
        self.journal.close();
        drop(self.presence.take());
    }

    fn work(&mut self, mut jobs: Vec<Job>) {
        while !jobs.is_empty() {
            let rest = jobs.split_off(jobs.len().min(TOGETHER));
            self.write_together(jobs);
            jobs = rest;
        }
    }

    /// In one transaction; if that fails, each job in its own, so that none fails because of
    /// another. A lock that others hold is waited for once.
    fn write_together(&mut self, mut jobs: Vec<Job>) {
        match self.write(&mut jobs) {
            Ok(()) => {
                let settled: Vec<CallId> = jobs.iter().filter_map(Job::noted).collect();
                self.journal.settle(&settled);
                for job in jobs {
                    self.answer(job, None);
                }
            }
            Err(failure) if jobs.len() == 1 || failure.code() == Code::StorageLocked => {
                for job in jobs {
                    self.answer(job, Some(failure.clone()));
                }
            }
            Err(_) => {
                for mut job in jobs {
                    let failure = self.write(std::slice::from_mut(&mut job)).err();
                    if failure.is_none() {
                        self.journal.settle(job.noted().as_slice());
                    }
                    self.answer(job, failure);
                }
            }
        }
    }

    fn answer(&mut self, job: Job, failure: Option<Failure>) {
        match job {
            Job::Row {
                changes,
                reply,
                done,
            } => {
                let result = match failure {
                    Some(failure) => Err(self.keep(changes, failure)),
                    None => self.written(&changes, &done),
                };
                self.reply(reply, result);
            }
            Job::Reserve {
                reservation,
                reply,
                decision,
            } => {
                let result = match failure {
                    Some(failure) => Err(failure),
                    None => decision.ok_or_else(|| self.no_row(reservation.call_id)),
                };
                drop(reply.send(result));
            }
            Job::Flush(reply) => drop(reply.send(self.journal.report().map_or(Ok(()), Err))),
            Job::Settle(reply) => drop(reply.send(Ok(()))),
        }
    }

    fn written(&mut self, changes: &Changes, done: &Completed) -> Result<(), Failure> {
        if let Some(began_at) = changes.started_at() {
            self.retention.begin(began_at);
        }
        match done {
            Completed::Yes => Ok(()),
            Completed::Missing => Err(self.no_row(changes.call_id())),
        }
    }

    /// An unobserved failure is reported by the next answer or flush.
    fn reply(&self, reply: Option<Sender<Result<(), Failure>>>, result: Result<(), Failure>) {
        let untold = match reply {
            Some(reply) => reply.send(result).err(),
            None => Some(result),
        };
        if let Some(Err(failure)) = untold {
            self.journal.report_later(failure);
        }
    }

    /// Spools a row that could not be written, and reports it.
    fn keep(&mut self, changes: Changes, failure: Failure) -> Failure {
        let spool = shown(&self.home.spool());
        let call_id = changes.call_id();
        let failure = match changes.lines {
            InJournal::Ended => failure.cause("the answer of the call was returned before"),
            InJournal::None | InJournal::Begun => failure,
        };
        // In order: a change after an unwritten one of the same call waits too.
        let waits = |each: &Changes| each.call_id() == call_id;
        let kept = if self.unwritten.iter().any(waits) {
            None
        } else {
            Some(spool::keep(&self.home, &self.rows, &changes.works))
        };
        match kept {
            Some(Ok(())) => {
                self.spooled = true;
                if changes.lines != InJournal::None {
                    self.journal.settle(&[call_id]);
                }
                failure.cause(format!(
                    "the row waits in {spool} and is entered when the ledger can be written"
                ))
            }
            other => {
                let failure = failure.cause(format!(
                    "it could not be kept in {spool} either; it is lost when this process ends \
                     before the ledger can be written"
                ));
                if self.unwritten.len() < MOST_UNWRITTEN {
                    self.unwritten.push(changes);
                }
                match other {
                    Some(Err(why)) => why.causes().into_iter().fold(failure, |failure, cause| {
                        failure.cause(format!("{spool}: {cause}"))
                    }),
                    _ => failure,
                }
            }
        }
    }

    fn no_row(&self, call_id: CallId) -> Failure {
        Failure::new(
            Code::StorageUnavailable,
            format!("the row of call {call_id} is missing"),
        )
        .cause("it was not opened, or it was removed meanwhile")
        .with("file", shown(&self.home.ledger()))
    }

    fn write(&mut self, jobs: &mut [Job]) -> Result<(), Failure> {
        if jobs
            .iter()
            .all(|job| matches!(job, Job::Flush(_) | Job::Settle(_)))
        {
            return Ok(());
        }
        let ready = self.ready().and_then(|database| {
            let reserves = jobs.iter().any(|job| matches!(job, Job::Reserve { .. }));
            if reserves && let Err(failure) = self.catch_up_with_others(&database) {
                database::abandon(database);
                return Err(failure);
            }
            Ok(database)
        });
        let database = match ready {
            Ok(database) => database,
            Err(failure) => return Err(self.broken(failure)),
        };
        match transact(&database, &self.rows, jobs) {
            Ok(()) => {
                self.journal.found(Soundness::Sound);
                if self.patience == database::PATIENCE {
                    self.database = Some(database);
                } else {
                    // The next one waits again.
                    self.patience = database::PATIENCE;
                }
                Ok(())
            }
            Err(error) => {
                // After any failure, the next row starts with a new connection.
                database::abandon(database);
                Err(self.broken(sqlite(&self.home.ledger(), &error)))
            }
        }
    }

    fn broken(&mut self, failure: Failure) -> Failure {
        self.journal.found(Soundness::Broken);
        if failure.code() == Code::StorageLocked {
            self.patience = AFTER_A_WAIT;
        }
        failure
    }

    /// The database, with all pending rows entered.
    fn ready(&mut self) -> Result<Connection, Failure> {
        let database = match self.database.take() {
            Some(database) => database,
            None => self.connect()?,
        };
        if self.spooled {
            if let Err(failure) = spool::enter(&database, &self.home) {
                database::abandon(database);
                return Err(failure);
            }
            self.spooled = false;
        }
        if !self.unwritten.is_empty() {
            if let Err(error) = catch_up(&database, &self.rows, &self.unwritten) {
                database::abandon(database);
                return Err(sqlite(&self.home.ledger(), &error));
            }
            let settled: Vec<CallId> = self.unwritten.iter().map(Changes::call_id).collect();
            self.journal.settle(&settled);
            self.unwritten.clear();
        }
        Ok(database)
    }

    /// Enters the ended calls of other processes, which count against limits.
    fn catch_up_with_others(&self, database: &Connection) -> Result<(), Failure> {
        spool::enter(database, &self.home)?;
        journal::enter_others(database, &self.home, self.id)
    }

    fn connect(&mut self) -> Result<Connection, Failure> {
        let _repair = database::no_repair(&self.home)?;
        let database = database::open_to_write(&self.home, self.patience)?;
        if self.presence.is_none() {
            presence::clean(&self.home);
            self.presence = Some(Presence::announce(&self.home, self.id)?);
        }
        // Includes other processes' lines, and precedes the sweep, which would mark a row without
        // its end as interrupted. Anything that cannot be entered or swept now is still shown
        // correctly.
        self.spooled = spool::enter(&database, &self.home).is_err();
        drop(sweep::sweep(&database, &self.home));
        Ok(database)
    }
}

/// All jobs or none. Takes the write lock at once: the end of the chain is read under it.
fn transact(database: &Connection, rows: &RowWriter, jobs: &mut [Job]) -> rusqlite::Result<()> {
    // Manual, because these two statements are prepared once; on failure the caller drops the
    // connection, which rolls back.
    database.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let mut batch = Batch::default();
    for job in jobs {
        job.carry_out(database, rows, &mut batch)?;
    }
    rows.store(database, &mut batch)?;
    database.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

/// Writes changes that could not be written anywhere before.
fn catch_up(database: &Connection, rows: &RowWriter, all: &[Changes]) -> rusqlite::Result<()> {
    database.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let mut batch = Batch::default();
    for changes in all {
        rows.write_all(database, changes, &mut batch)?;
    }
    rows.store(database, &mut batch)?;
    database.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

/// Patience with a lock after a wait for it failed.
const AFTER_A_WAIT: Duration = Duration::from_millis(200);
/// Maximum jobs per transaction, because others wait for the lock.
const TOGETHER: usize = 256;
/// Maximum unwritten changes kept for a retry.
const MOST_UNWRITTEN: usize = 1_000;
