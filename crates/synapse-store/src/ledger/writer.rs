//! The one thread of this process that writes rows, in the order in which they are handed in.
//! What waits together is written together, in one transaction.

use std::sync::Arc;

use rusqlite::Connection;
use synapse_core::ledger::{Closing, Opening, Reservation};
use synapse_core::limits::Verdict;
use synapse_core::{Code, Failure};
use synapse_files::Home;
use tokio::sync::oneshot::Sender;
use uuid::Uuid;

use super::presence::{self, Presence};
use super::queue::{Queue, Taken};
use super::retention::Retention;
use super::rows::{Completed, RowWriter};
use super::{database, reserve, sweep};
use crate::failure::{shown, sqlite};

/// What the thread is asked to do.
pub(super) enum Job {
    /// Write a row, then reply.
    Open(Box<Opening>, Sender<Result<(), Failure>>),
    /// Hold an open row against its limits, then reply.
    Reserve(Box<Reservation>, Sender<Result<Verdict, Failure>>),
    /// Complete a row.
    Close(Box<Closing>),
    /// Reply with the first failure to complete a row since the last flush.
    Flush(Sender<Result<(), Failure>>),
}

/// What came of a job.
enum Done {
    Opened,
    Judged(Verdict),
    Closed(Completed),
    Flushed,
}

/// What the thread has in its hands.
pub(super) struct Writer {
    home: Home,
    id: Uuid,
    rows: RowWriter,
    /// Opened for the first row, and again for the next one when that failed: its owner may have
    /// repaired the cause meanwhile.
    database: Option<Connection>,
    presence: Option<Presence>,
    failure: Option<Failure>,
    /// Ends of calls that could not be written, to be tried again with the next job.
    unwritten: Vec<Closing>,
    retention: Retention,
}

impl Writer {
    pub(super) fn new(home: Home) -> Self {
        // Version 7 has 74 random bits, and the time helps whoever looks into the directory.
        let id = Uuid::now_v7();
        Self {
            retention: Retention::new(home.clone()),
            home,
            id,
            rows: RowWriter::new(id),
            database: None,
            presence: None,
            failure: None,
            unwritten: Vec::new(),
        }
    }

    /// Works until the queue is ended and empty.
    pub(super) fn run(mut self, queue: &Arc<Queue<Job>>) {
        loop {
            let taken = match self.retention.is_due() {
                true => queue.take_now(),
                false => queue.take(),
            };
            match taken {
                Taken::Jobs(jobs) => self.work(jobs),
                // Old rows go while nobody waits.
                Taken::Nothing => self.retention.work(self.database.as_ref()),
                Taken::End => break,
            }
        }
        self.try_unwritten_for_good();
        // The sign of life goes last: until then the rows are ours.
        drop(self.database.take());
        drop(self.presence.take());
    }

    fn work(&mut self, mut jobs: Vec<Job>) {
        while !jobs.is_empty() {
            let rest = jobs.split_off(jobs.len().min(TOGETHER));
            self.write_together(jobs);
            jobs = rest;
        }
        // Behind the jobs that someone waits for, and only when writing goes well again.
        if self.database.is_some() && !self.unwritten.is_empty() {
            let again = self.unwritten_jobs();
            if self.write(&again).is_err() {
                self.keep(again);
            }
        }
    }

    /// The last try: each by itself, so that none fails for another.
    fn try_unwritten_for_good(&mut self) {
        for job in self.unwritten_jobs() {
            drop(self.write(std::slice::from_ref(&job)));
        }
    }

    fn unwritten_jobs(&mut self) -> Vec<Job> {
        let unwritten = std::mem::take(&mut self.unwritten);
        unwritten
            .into_iter()
            .map(|closing| Job::Close(Box::new(closing)))
            .collect()
    }

    fn keep(&mut self, jobs: Vec<Job>) {
        for job in jobs {
            if let Job::Close(closing) = job
                && self.unwritten.len() < MOST_UNWRITTEN
            {
                self.unwritten.push(*closing);
            }
        }
    }

    /// In one transaction; when that fails, each job in its own, so that none fails for another.
    fn write_together(&mut self, jobs: Vec<Job>) {
        match self.write(&jobs) {
            Ok(done) => {
                for (job, done) in jobs.into_iter().zip(done) {
                    self.answer(job, Ok(done));
                }
            }
            Err(failure) if jobs.len() == 1 => {
                for job in jobs {
                    self.answer(job, Err(failure.clone()));
                }
            }
            Err(_) => {
                for job in jobs {
                    let done = self.write(std::slice::from_ref(&job));
                    let done = done.map(|done| done.into_iter().next().unwrap_or(Done::Flushed));
                    self.answer(job, done);
                }
            }
        }
    }

    fn answer(&mut self, job: Job, done: Result<Done, Failure>) {
        // A reply that nobody waits for any more is no reason to stop.
        match (job, done) {
            (Job::Open(opening, reply), done) => {
                if done.is_ok() {
                    self.retention.begin(opening.started_at);
                }
                drop(reply.send(done.map(drop)));
            }
            (Job::Reserve(_, reply), Ok(Done::Judged(verdict))) => {
                drop(reply.send(Ok(verdict)));
            }
            (Job::Reserve(_, reply), Err(failure)) => drop(reply.send(Err(failure))),
            (Job::Reserve(..), Ok(_)) => {}
            (Job::Close(closing), Ok(Done::Closed(Completed::Missing))) => {
                let failure = self.missing(&closing);
                self.failure.get_or_insert(failure);
            }
            (Job::Close(_), Ok(_)) => {}
            (Job::Close(closing), Err(failure)) => {
                self.failure.get_or_insert(failure);
                self.keep(vec![Job::Close(closing)]);
            }
            (Job::Flush(reply), _) => {
                drop(reply.send(self.failure.take().map_or(Ok(()), Err)));
            }
        }
    }

    fn missing(&self, closing: &Closing) -> Failure {
        Failure::new(
            Code::StorageUnavailable,
            format!("the row of call {} is missing", closing.receipt.call_id),
        )
        .cause("it was not opened, or it was removed meanwhile")
        .with("file", shown(&self.home.ledger()))
    }

    fn write(&mut self, jobs: &[Job]) -> Result<Vec<Done>, Failure> {
        if jobs.iter().all(|job| matches!(job, Job::Flush(_))) {
            return Ok(jobs.iter().map(|_| Done::Flushed).collect());
        }
        let database = match self.database.take() {
            Some(database) => database,
            None => self.connect()?,
        };
        match transact(&database, &self.rows, jobs) {
            Ok(done) => {
                self.database = Some(database);
                Ok(done)
            }
            Err(error) => {
                // Whatever is wrong, the next row begins with a fresh connection.
                database::abandon(database);
                Err(sqlite(&self.home.ledger(), &error))
            }
        }
    }

    fn connect(&mut self) -> Result<Connection, Failure> {
        let database = database::open_to_write(&self.home)?;
        if self.presence.is_none() {
            presence::clean(&self.home);
            self.presence = Some(Presence::announce(&self.home, self.id)?);
        }
        // Rows that cannot be swept now are shown as interrupted all the same.
        drop(sweep::sweep(&database, &self.home));
        Ok(database)
    }
}

/// All jobs or none. Takes the lock at once: the end of the chain is read under it.
fn transact(database: &Connection, rows: &RowWriter, jobs: &[Job]) -> rusqlite::Result<Vec<Done>> {
    // By hand, because these two statements are kept prepared; whoever calls drops the connection
    // after a failure, which rolls back.
    database.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let mut done = Vec::with_capacity(jobs.len());
    for job in jobs {
        done.push(match job {
            Job::Open(opening, _) => rows.insert(database, opening).map(|()| Done::Opened)?,
            Job::Reserve(reservation, _) => Done::Judged(reserve::reserve(database, reservation)?),
            Job::Close(closing) => Done::Closed(rows.complete(database, closing)?),
            Job::Flush(_) => Done::Flushed,
        });
    }
    database.prepare_cached("COMMIT")?.execute([])?;
    Ok(done)
}

/// So many jobs are written in one transaction at most, because others wait for the lock.
const TOGETHER: usize = 256;
/// So many ends of calls are kept for another try.
const MOST_UNWRITTEN: usize = 1_000;
