//! The ledger in SQLite: one row per call, opened before the send and closed after it, by any
//! number of processes at once.
//!
//! One thread of this process writes; every read is made aside, on a connection of its own. The
//! async runtime never waits for the disk.

mod audit;
mod carried;
mod chain;
mod content;
mod daily;
mod database;
mod days;
mod examine;
mod extent;
mod glance;
mod hub;
mod latency;
mod presence;
mod prices;
mod purge;
mod query;
mod queue;
mod rechain;
mod repair;
mod reseal;
mod reserve;
mod retention;
mod rows;
mod salvage;
mod schema;
mod spool;
mod sweep;
mod texts;
mod usage;
mod work;
mod writer;

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use async_trait::async_trait;
use synapse_core::Failure;
use synapse_core::call::CallId;
use synapse_core::ledger::{
    Closing, Dating, Entry, Examination, Extent, FailureGroup, HistoryQuery, HubClosing,
    HubOpening, Opening, OutcomeCounts, PeriodUsage, Purged, RecordedText, Repaired, Reservation,
    RowSeal, Standing, UsageKey, UsageQuery, UsageReport, Verification,
};
use synapse_core::limits::Verdict;
use synapse_core::ports::{HubLedger, Ledger, LedgerReader, Written};
use synapse_core::time::Timestamp;
use synapse_files::Home;
use tokio::sync::oneshot::{self, Sender};

use self::database::Opened;
pub use self::prices::SqlitePrices;
use self::purge::Which;
use self::queue::Queue;
use self::work::Work;
use self::writer::{Job, Writer};
use crate::blocking;
use crate::connections::ledger_settings;
use crate::failure::{no_thread, sqlite};

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
    jobs: Arc<Queue<Job>>,
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

    /// The queue of the writer thread, which is started for the first job.
    fn jobs(&self) -> Result<Arc<Queue<Job>>, Failure> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let running = match &mut *running {
            Some(running) => running,
            none => none.insert(
                self.start()
                    .map_err(|error| no_thread(&self.home.ledger(), &error))?,
            ),
        };
        Ok(Arc::clone(&running.jobs))
    }

    fn start(&self) -> std::io::Result<Running> {
        let jobs = Arc::new(Queue::new());
        let writer = Writer::new(self.home.clone());
        let queue = Arc::clone(&jobs);
        let thread = Builder::new()
            .name("synapse-ledger".to_owned())
            .spawn(move || writer.run(&queue))?;
        Ok(Running { jobs, thread })
    }

    /// Hands a change of a row to the writer thread, at once.
    fn row(&self, work: Work) -> Written {
        self.ask(|reply| Job::Row(work, Some(reply)))
    }

    /// Hands a job to the writer thread, at once; the reply has only to be waited for.
    fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(Sender<Result<T, Failure>>) -> Job,
    ) -> Pin<Box<dyn Future<Output = Result<T, Failure>> + Send>> {
        let (sender, reply) = oneshot::channel();
        let handed_in = self.jobs().map(|jobs| jobs.push(job(sender)));
        let home = self.home.clone();
        Box::pin(async move {
            handed_in?;
            reply
                .await
                .map_err(|error| no_thread(&home.ledger(), &error))?
        })
    }
}

/// Works on the database of `home` on a thread of its own.
async fn on_a_thread<T: Send + 'static>(
    home: &Home,
    work: impl FnOnce(&Home) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let own = home.clone();
    blocking::run_blocking(move || work(&own))
        .await
        .unwrap_or_else(|error| Err(no_thread(&home.ledger(), &error)))
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
            // The thread ends when the queue is both ended and empty.
            jobs.end();
            drop(thread.join());
        }
    }
}

#[async_trait]
impl Ledger for SqliteLedger {
    fn open(&self, opening: Opening) -> Written {
        self.row(Work::Open(Box::new(opening)))
    }

    fn sending(&self, call_id: CallId, bytes_out: u64) -> Written {
        self.row(Work::Sending(call_id, bytes_out))
    }

    fn close(&self, closing: Closing) {
        // A writer that cannot even be started fails the next open or flush too, which tells.
        if let Ok(jobs) = self.jobs() {
            jobs.push_for_later(Job::Row(Work::Close(Box::new(closing)), None));
        }
    }

    fn complete(&self, closing: Closing) -> Written {
        self.row(Work::Close(Box::new(closing)))
    }

    async fn is_required(&self) -> bool {
        // Settings that cannot be read may say so.
        let read = |home: &Home| ledger_settings(home).map(|settings| settings.required);
        on_a_thread(&self.home, read).await.unwrap_or(true)
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

    async fn reserve(&self, reservation: Reservation) -> Result<Verdict, Failure> {
        self.ask(|reply| Job::Reserve(Box::new(reservation), reply))
            .await
    }

    async fn purge(&self, before: Timestamp) -> Result<Purged, Failure> {
        on_a_thread(&self.home, move |home| purge_all(home, before)).await
    }

    async fn repair(&self) -> Result<Repaired, Failure> {
        on_a_thread(&self.home, repair::repair).await
    }
}

impl HubLedger for SqliteLedger {
    fn begin(&self, opening: HubOpening) -> Written {
        self.row(Work::Begin(Box::new(opening)))
    }

    fn departing(&self, call_id: CallId, bytes_out: u64) -> Written {
        self.row(Work::Departing(call_id, bytes_out))
    }

    fn end(&self, closing: HubClosing) -> Written {
        self.row(Work::End(Box::new(closing)))
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
        on_a_thread(&self.home, move |home| usage::usage(home, &query)).await
    }

    async fn usage_per(
        &self,
        per: UsageKey,
        query: UsageQuery,
    ) -> Result<Vec<PeriodUsage>, Failure> {
        on_a_thread(&self.home, move |home| usage::usage_per(home, per, &query)).await
    }

    async fn standings(&self, at: Timestamp) -> Result<BTreeMap<String, Standing>, Failure> {
        on_a_thread(&self.home, move |home| glance::standings(home, at)).await
    }

    async fn failures(&self, since: Timestamp) -> Result<Vec<FailureGroup>, Failure> {
        on_a_thread(&self.home, move |home| glance::failures(home, since)).await
    }

    async fn outcomes(&self, query: HistoryQuery) -> Result<OutcomeCounts, Failure> {
        on_a_thread(&self.home, move |home| glance::outcomes(home, &query)).await
    }

    async fn seal(&self, call_id: CallId) -> Result<Option<RowSeal>, Failure> {
        on_a_thread(&self.home, move |home| glance::seal(home, call_id)).await
    }

    async fn extent(&self) -> Result<Extent, Failure> {
        on_a_thread(&self.home, extent::extent).await
    }

    async fn seals(&self, places: Vec<u64>) -> Result<BTreeMap<u64, String>, Failure> {
        on_a_thread(&self.home, move |home| extent::seals(home, &places)).await
    }

    async fn texts(&self, calls: Vec<CallId>) -> Result<BTreeMap<CallId, RecordedText>, Failure> {
        on_a_thread(&self.home, move |home| query::texts(home, &calls)).await
    }

    async fn text(&self, call_id: CallId) -> Result<Option<RecordedText>, Failure> {
        on_a_thread(&self.home, move |home| query::text(home, call_id)).await
    }

    async fn verify(&self) -> Result<Verification, Failure> {
        on_a_thread(&self.home, |home| {
            let found = query::ask(home, |database, _| audit::verify(database))?;
            Ok(Verification {
                waiting: spool::waiting(home),
                ..found
            })
        })
        .await
    }

    async fn examine(&self) -> Result<Examination, Failure> {
        on_a_thread(&self.home, examine::examine).await
    }

    async fn dating(&self, now: Timestamp) -> Result<Dating, Failure> {
        on_a_thread(&self.home, move |home| {
            query::ask(home, |database, _| days::dating(database, now))
        })
        .await
    }
}

/// Removes turn by turn, so that calls that begin meanwhile do not wait for all of it.
fn purge_all(home: &Home, before: Timestamp) -> Result<Purged, Failure> {
    let Some(Opened::Ours(_)) = database::open_to_read(home)? else {
        // Nothing is there, or nothing that may be written.
        return database::refuse_newer(home).map(|()| Purged::default());
    };
    let _repair = database::no_repair(home)?;
    let database = database::open_to_write(home)?;
    drop(sweep::sweep(&database, home));
    let which = Which {
        before: before.as_millis(),
        // Its owner named the time.
        first_kept: None,
    };
    let mut all = Purged::default();
    loop {
        match purge::purge_some(&database, which, PURGED_TOGETHER) {
            Ok(Purged { rows: 0, .. }) => break,
            Ok(purged) => {
                all.rows += purged.rows;
                all.texts += purged.texts;
            }
            Err(error) => {
                database::abandon(database);
                return Err(sqlite(&home.ledger(), &error));
            }
        }
    }
    // What was removed shall not linger in the log either; a reader in the way is no failure.
    drop(database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
    Ok(all)
}

const PURGED_TOGETHER: u32 = 10_000;
