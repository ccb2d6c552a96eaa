//! The ledger in SQLite: one row per call, opened before the send and closed after it, by any
//! number of processes at once.
//!
//! One thread of this process writes; every read has a short-lived thread and connection of its
//! own. The async runtime never waits for the disk.

mod database;
mod presence;
mod prices;
mod query;
mod rows;
mod schema;
mod sweep;
mod writer;

use std::fmt;
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use async_trait::async_trait;
use synapse_core::call::CallId;
use synapse_core::ledger::{
    Closing, Entry, HistoryQuery, Opening, Purged, RecordedText, Reservation, UsageQuery,
    UsageReport, Verification,
};
use synapse_core::limits::Verdict;
use synapse_core::ports::{Ledger, LedgerReader};
use synapse_core::time::Timestamp;
use synapse_core::{Code, Failure};
use tokio::sync::oneshot;

pub use self::prices::SqlitePrices;
use self::writer::{Job, Writer};
use crate::failure::no_thread;
use crate::home::Home;

/// The ledger in the `ledger.db` of a [`Home`].
///
/// Making one touches nothing: the first row creates the file with mode 0600, and reading an
/// absent ledger finds no rows and creates nothing. Dropping it writes what is still queued.
pub struct SqliteLedger {
    home: Home,
    running: Mutex<Option<Running>>,
}

/// The writer thread, once there was something to write.
struct Running {
    jobs: Sender<Job>,
    thread: JoinHandle<()>,
}

impl SqliteLedger {
    /// The ledger of `home`. Touches nothing.
    #[must_use]
    pub const fn new(home: Home) -> Self {
        Self {
            home,
            running: Mutex::new(None),
        }
    }

    /// Hands a job to the writer thread, starting it for the first one.
    fn submit(&self, job: Job) -> Result<(), Failure> {
        let failure = |error: &dyn std::error::Error| no_thread(&self.home.ledger(), error);
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let running = match &mut *running {
            Some(running) => running,
            none => none.insert(self.start().map_err(|error| failure(&error))?),
        };
        running.jobs.send(job).map_err(|error| failure(&error))
    }

    fn start(&self) -> std::io::Result<Running> {
        let (jobs, queue) = mpsc::channel();
        let writer = Writer::new(self.home.clone());
        let thread = Builder::new()
            .name("synapse-ledger".to_owned())
            .spawn(move || writer.run(&queue))?;
        Ok(Running { jobs, thread })
    }

    /// Hands a job to the writer thread and waits for its reply.
    async fn ask(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<(), Failure>>) -> Job,
    ) -> Result<(), Failure> {
        let (sender, reply) = oneshot::channel();
        self.submit(job(sender))?;
        reply
            .await
            .map_err(|error| no_thread(&self.home.ledger(), &error))?
    }
}

/// Works on the database of `home` on a thread of its own.
async fn on_a_thread<T: Send + 'static>(
    home: &Home,
    work: impl FnOnce(&Home) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let (sender, reply) = oneshot::channel();
    let own = home.clone();
    Builder::new()
        .name("synapse-database".to_owned())
        .spawn(move || {
            // Nobody listens any more when the caller gave up: then the answer is moot.
            drop(sender.send(work(&own)));
        })
        .map_err(|error| no_thread(&home.ledger(), &error))?;
    reply
        .await
        .map_err(|error| no_thread(&home.ledger(), &error))?
}

impl fmt::Debug for SqliteLedger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SqliteLedger")
            .field("home", &self.home)
            .finish_non_exhaustive()
    }
}

impl Drop for SqliteLedger {
    fn drop(&mut self) {
        let running = self
            .running
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(Running { jobs, thread }) = running {
            // The thread ends when the queue is both closed and empty.
            drop(jobs);
            drop(thread.join());
        }
    }
}

#[async_trait]
impl Ledger for SqliteLedger {
    async fn open(&self, opening: Opening) -> Result<(), Failure> {
        self.ask(|reply| Job::Open(Box::new(opening), reply)).await
    }

    fn close(&self, closing: Closing) {
        // A writer that cannot even be started fails the next open or flush too, which tells.
        drop(self.submit(Job::Close(Box::new(closing))));
    }

    async fn flush(&self) -> Result<(), Failure> {
        let idle = self
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_none();
        if idle {
            return Ok(());
        }
        self.ask(Job::Flush).await
    }

    async fn reserve(&self, _reservation: Reservation) -> Result<Verdict, Failure> {
        Err(not_kept())
    }

    async fn purge(&self, _before: Timestamp) -> Result<Purged, Failure> {
        Err(not_kept())
    }
}

#[async_trait]
impl LedgerReader for SqliteLedger {
    async fn history(&self, query: HistoryQuery) -> Result<Vec<Entry>, Failure> {
        on_a_thread(&self.home, move |home| query::history(home, &query)).await
    }

    async fn entry(&self, call_id: CallId) -> Result<Option<Entry>, Failure> {
        on_a_thread(&self.home, move |home| query::entry(home, call_id)).await
    }

    async fn usage(&self, query: UsageQuery) -> Result<UsageReport, Failure> {
        let lines = on_a_thread(&self.home, move |home| query::usage(home, &query)).await?;
        Ok(query::report(lines))
    }

    async fn text(&self, _call_id: CallId) -> Result<Option<RecordedText>, Failure> {
        Ok(None)
    }

    async fn verify(&self) -> Result<Verification, Failure> {
        Err(not_kept())
    }
}

/// This ledger keeps rows, and neither seals nor reservations yet.
fn not_kept() -> Failure {
    Failure::new(
        Code::InternalInvariant,
        "the ledger file cannot do that yet",
    )
}
