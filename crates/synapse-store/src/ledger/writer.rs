//! The one thread of this process that writes rows, in the order in which they are handed in.

use std::sync::mpsc::Receiver;

use rusqlite::Connection;
use synapse_core::ledger::{Closing, Opening};
use synapse_core::{Code, Failure};
use tokio::sync::oneshot::Sender;
use uuid::Uuid;

use super::presence::{self, Presence};
use super::rows::{Completed, RowWriter};
use super::{database, sweep};
use crate::failure::{shown, sqlite};
use crate::home::Home;

/// What the thread is asked to do.
pub(super) enum Job {
    /// Write a row, then reply.
    Open(Box<Opening>, Sender<Result<(), Failure>>),
    /// Complete a row.
    Close(Box<Closing>),
    /// Reply with the first failure to complete a row since the last flush.
    Flush(Sender<Result<(), Failure>>),
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
}

impl Writer {
    pub(super) fn new(home: Home) -> Self {
        // Version 7 has 74 random bits, and the time helps whoever looks into the directory.
        let id = Uuid::now_v7();
        Self {
            home,
            id,
            rows: RowWriter::new(id),
            database: None,
            presence: None,
            failure: None,
        }
    }

    /// Works until the queue is closed and empty.
    pub(super) fn run(mut self, queue: &Receiver<Job>) {
        for job in queue {
            // A reply that nobody waits for any more is no reason to stop.
            match job {
                Job::Open(opening, reply) => drop(reply.send(self.open(&opening))),
                Job::Close(closing) => {
                    if let Err(failure) = self.close(&closing) {
                        self.failure.get_or_insert(failure);
                    }
                }
                Job::Flush(reply) => {
                    drop(reply.send(self.failure.take().map_or(Ok(()), Err)));
                }
            }
        }
        // The sign of life goes last: until then the rows are ours.
        drop(self.database.take());
        drop(self.presence.take());
    }

    fn open(&mut self, opening: &Opening) -> Result<(), Failure> {
        self.write(|rows, database| rows.insert(database, opening))
    }

    fn close(&mut self, closing: &Closing) -> Result<(), Failure> {
        match self.write(|rows, database| rows.complete(database, closing))? {
            Completed::Yes => Ok(()),
            Completed::Missing => Err(Failure::new(
                Code::StorageUnavailable,
                format!("the row of call {} is missing", closing.receipt.call_id),
            )
            .cause("it was not opened, or it was removed meanwhile")
            .with("file", shown(&self.home.ledger()))),
        }
    }

    fn write<T>(
        &mut self,
        write: impl FnOnce(&RowWriter, &Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Failure> {
        let database = match self.database.take() {
            Some(database) => database,
            None => self.connect()?,
        };
        match write(&self.rows, &database) {
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
