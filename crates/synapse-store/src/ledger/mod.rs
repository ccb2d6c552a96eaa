//! The SQLite ledger: one row per call, opened before the send and closed after it, by any number
//! of concurrent processes.
//!
//! One thread per process writes; reads use worker threads with their own connections. The async
//! runtime never waits for the disk.

mod audit;
mod carried;
mod chain;
mod changes;
mod columns;
mod completion;
mod daily;
mod database;
mod days;
mod entries;
mod examine;
mod extent;
mod first_page;
mod glance;
mod journal;
mod latency;
mod lines;
mod orphans;
mod overview;
mod presence;
mod prices;
mod purge;
mod query;
mod queue;
mod reader;
mod recent;
mod rechain;
mod repair;
mod reseal;
mod reserve;
mod retention;
mod rows;
mod salvage;
mod schema;
mod spool;
mod sql;
mod sweep;
mod texts;
mod together;
mod usage;
mod work;
mod writer;

use std::collections::BTreeMap;
use std::fmt;
use std::future::ready;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use synapse_core::Failure;
use synapse_core::call::CallId;
use synapse_core::ledger::{
    Closing, Dating, Entry, Examination, Extent, FailureGroup, HistoryQuery, HubClosing,
    HubOpening, LimitUsage, Opening, OutcomeCounts, Overview, PeriodUsage, Purged, RecordedEntry,
    RecordedText, Repaired, Reservation, UsageKey, UsageOverTime, UsageQuery, UsageReport,
    Verification,
};
use synapse_core::limits::LimitDecision;
use synapse_core::ports::{HubLedger, Ledger, LedgerReader, Written};
use synapse_core::time::Timestamp;
use synapse_home::Home;
use tokio::sync::oneshot::{self, Sender};
use tokio::task::spawn_blocking;

use self::changes::Changes;
use self::database::Opened;
use self::journal::{Continued, Ended, Journal};

pub use self::prices::SqlitePrices;
use self::purge::Which;
use self::queue::Queue;
use self::reader::Reader;
use self::work::Work;
use self::writer::{Job, Writer};
use crate::connections::{RowPolicy, ledger_settings};
use crate::failure::sqlite;
use synapse_home::failure::no_thread;

/// The ledger in the `ledger.db` of a [`Home`].
///
/// Creating one touches nothing: the first row creates the file with mode 0600, and reading a
/// missing ledger finds no rows and creates nothing. Dropping it writes everything queued.
pub struct SqliteLedger {
    home: Home,
    reader: Arc<Reader>,
    policy: RowPolicy,
    running: Mutex<Option<WriterThread>>,
}

/// The writer thread, started on demand.
struct WriterThread {
    writes: Writes,
    thread: JoinHandle<()>,
}

/// The ways to the writer thread.
#[derive(Clone)]
struct Writes {
    jobs: Arc<Queue<Job>>,
    journal: Arc<Journal>,
}

impl SqliteLedger {
    /// The ledger of `home`. Touches nothing.
    #[must_use]
    pub fn new(home: Home) -> Self {
        Self {
            reader: Arc::new(Reader::new(home.clone())),
            policy: RowPolicy::new(home.clone()),
            home,
            running: Mutex::new(None),
        }
    }

    /// The writer thread, started for the first job.
    fn writes(&self) -> Result<Writes, Failure> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let running = match &mut *running {
            Some(running) => running,
            none => none.insert(
                self.start()
                    .map_err(|error| no_thread(&self.home.ledger(), &error))?,
            ),
        };
        Ok(running.writes.clone())
    }

    fn start(&self) -> std::io::Result<WriterThread> {
        let id = presence::writer_id();
        let writes = Writes {
            jobs: Arc::new(Queue::new()),
            journal: Arc::new(Journal::new(&self.home, id)),
        };
        let writer = Writer::new(self.home.clone(), id, Arc::clone(&writes.journal));
        let queue = Arc::clone(&writes.jobs);
        let thread = Builder::new()
            .name("synapse-ledger".to_owned())
            .spawn(move || writer.run(&queue))?;
        Ok(WriterThread { writes, thread })
    }

    /// Notes the start of a call, or queues its row.
    fn begin_row(&self, work: Work) -> Written {
        let work = match self.writes() {
            Ok(writes) if !self.policy.requires_rows() => match writes.journal.begin(work) {
                Ok(()) => return Box::pin(ready(Ok(()))),
                Err(work) => work,
            },
            _ => work,
        };
        self.row(work.into())
    }

    /// Notes a change of a call, or queues the change of its row.
    fn continue_row(&self, work: Work) -> Written {
        let changes = match self.writes() {
            Ok(writes) => match writes.journal.go_on(work) {
                Continued::Noted => return Box::pin(ready(Ok(()))),
                Continued::Row(changes) => changes,
            },
            Err(_) => work.into(),
        };
        self.row(changes)
    }

    /// Notes the end of a call. Returns the change to be written as a row now, if it was not noted.
    fn end_row(&self, work: Work) -> Option<Changes> {
        let Ok(writes) = self.writes() else {
            return Some(work.into());
        };
        match writes.journal.end(work) {
            Ended::Later(changes) => writes.jobs.push_patiently(Job::row(changes, None)),
            Ended::Soon(changes) => writes.jobs.push(Job::row(changes, None)),
            Ended::Now(changes) => return Some(changes),
        }
        None
    }

    /// Queues a change of a row without waiting.
    fn row(&self, changes: Changes) -> Written {
        self.ask(|reply| Job::row(changes, Some(reply)))
    }

    /// Queues a job without waiting; only the reply is awaited.
    fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(Sender<Result<T, Failure>>) -> Job,
    ) -> Pin<Box<dyn Future<Output = Result<T, Failure>> + Send>> {
        let (sender, reply) = oneshot::channel();
        let handed_in = self.writes().map(|writes| writes.jobs.push(job(sender)));
        let home = self.home.clone();
        Box::pin(async move {
            handed_in?;
            reply
                .await
                .map_err(|error| no_thread(&home.ledger(), &error))?
        })
    }

    /// Whether all rows of this process are written, as far as they can be.
    fn is_idle(&self) -> bool {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running
            .as_ref()
            .is_none_or(|running| running.writes.jobs.is_idle())
    }

    /// The failure to write the row of a call that was answered before, once.
    fn report(&self) -> Result<(), Failure> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let failure = running
            .as_ref()
            .and_then(|running| running.writes.journal.report());
        failure.map_or(Ok(()), Err)
    }

    /// Runs a query on a worker thread.
    async fn answer<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Reader) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let reader = Arc::clone(&self.reader);
        on_a_thread(&self.home, move |_| question(&reader)).await
    }
}

/// Works on the database of `home` on a worker thread.
async fn on_a_thread<T: Send + 'static>(
    home: &Home,
    work: impl FnOnce(&Home) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let own = home.clone();
    spawn_blocking(move || work(&own))
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
        // Before the writer's connection, which then is the last one and checkpoints the log.
        self.reader.close();
        let running = self
            .running
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(WriterThread { writes, thread }) = running {
            let Writes { jobs, journal } = writes;
            for changes in journal.take_all() {
                jobs.push(Job::row(changes, None));
            }
            // The thread ends once the queue is closed and empty.
            jobs.end();
            drop(thread.join());
        }
    }
}

#[async_trait]
impl Ledger for SqliteLedger {
    fn open(&self, opening: Opening) -> Written {
        self.begin_row(Work::Open(Box::new(opening)))
    }

    fn sending(&self, call_id: CallId, bytes_out: u64) -> Written {
        self.continue_row(Work::Sending(call_id, bytes_out))
    }

    fn close(&self, closing: Closing) {
        // If the writer cannot be started, the next open or flush fails and reports it.
        if let Some(changes) = self.end_row(Work::Close(Box::new(closing)))
            && let Ok(Writes { jobs, .. }) = self.writes()
        {
            jobs.push_for_later(Job::row(changes, None));
        }
    }

    fn complete(&self, closing: Closing) -> Written {
        let Some(changes) = self.end_row(Work::Close(Box::new(closing))) else {
            return Box::pin(ready(self.report()));
        };
        let journal = self.writes().map(|writes| writes.journal);
        let written = self.row(changes);
        Box::pin(async move {
            let written = written.await;
            let earlier = journal.ok().and_then(|journal| journal.report());
            match (written, earlier) {
                (written, None) => written,
                (Ok(()), Some(earlier)) => Err(earlier),
                (Err(failure), Some(_)) => {
                    Err(failure.cause("rows of earlier calls could not be written either"))
                }
            }
        })
    }

    async fn is_required(&self) -> bool {
        // Unreadable settings may require rows, so they do.
        let read = |home: &Home| ledger_settings(home).map(|settings| settings.required);
        on_a_thread(&self.home, read).await.unwrap_or(true)
    }

    async fn flush(&self) -> Result<(), Failure> {
        if self.is_idle() {
            return self.report();
        }
        self.ask(Job::Flush).await
    }

    async fn reserve(&self, reservation: Reservation) -> Result<LimitDecision, Failure> {
        // Other processes count it by its row.
        let writes = self.writes()?;
        if let Some(changes) = writes.journal.take(reservation.call_id) {
            writes.jobs.push(Job::row(changes, None));
        }
        let call_id = reservation.call_id;
        let decision = self.ask(|reply| Job::reserve(reservation, reply)).await?;
        // Every reservation enters the journals first, so an end in one counts at once.
        if matches!(decision, LimitDecision::Granted(_)) && !self.policy.requires_rows() {
            writes.journal.follow(call_id);
        }
        Ok(decision)
    }

    async fn purge(&self, before: Timestamp) -> Result<Purged, Failure> {
        if !self.is_idle() {
            // Rows of this process that are not written yet. Failures are reported elsewhere.
            drop(self.ask(Job::Settle).await);
        }
        on_a_thread(&self.home, move |home| purge_all(home, before)).await
    }

    async fn repair(&self) -> Result<Repaired, Failure> {
        on_a_thread(&self.home, repair::repair).await
    }
}

impl HubLedger for SqliteLedger {
    fn begin(&self, opening: HubOpening) -> Written {
        self.begin_row(Work::Begin(Box::new(opening)))
    }

    fn departing(&self, call_id: CallId, bytes_out: u64) -> Written {
        self.continue_row(Work::Departing(call_id, bytes_out))
    }

    fn end(&self, closing: HubClosing) -> Written {
        match self.end_row(Work::End(Box::new(closing))) {
            Some(changes) => self.row(changes),
            None => Box::pin(ready(Ok(()))),
        }
    }
}

#[async_trait]
impl LedgerReader for SqliteLedger {
    async fn history(&self, query: HistoryQuery) -> Result<Vec<Entry>, Failure> {
        self.answer(move |reader| query::history(reader, &query))
            .await
    }

    async fn entry(&self, call_id: CallId) -> Result<Option<Entry>, Failure> {
        self.answer(move |reader| query::entry(reader, call_id))
            .await
    }

    async fn usage(&self, query: UsageQuery) -> Result<UsageReport, Failure> {
        self.answer(move |reader| usage::usage(reader, &query))
            .await
    }

    async fn usage_per(
        &self,
        per: UsageKey,
        query: UsageQuery,
    ) -> Result<Vec<PeriodUsage>, Failure> {
        self.answer(move |reader| usage::usage_per(reader, per, &query))
            .await
    }

    async fn usage_over_time(&self, query: UsageQuery) -> Result<UsageOverTime, Failure> {
        self.answer(move |reader| usage::usage_over_time(reader, &query))
            .await
    }

    async fn standings(&self, at: Timestamp) -> Result<BTreeMap<String, LimitUsage>, Failure> {
        self.answer(move |reader| glance::standings(reader, at))
            .await
    }

    async fn failures(&self, since: Timestamp) -> Result<Vec<FailureGroup>, Failure> {
        self.answer(move |reader| glance::failures(reader, since))
            .await
    }

    async fn overview(&self, now: Timestamp) -> Result<Overview, Failure> {
        self.answer(move |reader| overview::overview(reader, now))
            .await
    }

    async fn outcomes(&self, query: HistoryQuery) -> Result<OutcomeCounts, Failure> {
        self.answer(move |reader| glance::outcomes(reader, &query))
            .await
    }

    async fn recorded(&self, call_id: CallId) -> Result<Option<RecordedEntry>, Failure> {
        self.answer(move |reader| query::recorded(reader, call_id))
            .await
    }

    async fn extent(&self) -> Result<Extent, Failure> {
        self.answer(extent::extent).await
    }

    async fn seals(&self, places: Vec<u64>) -> Result<BTreeMap<u64, String>, Failure> {
        self.answer(move |reader| extent::seals(reader, &places))
            .await
    }

    async fn texts(&self, calls: Vec<CallId>) -> Result<BTreeMap<CallId, RecordedText>, Failure> {
        self.answer(move |reader| query::texts(reader, &calls))
            .await
    }

    async fn text(&self, call_id: CallId) -> Result<Option<RecordedText>, Failure> {
        self.answer(move |reader| query::text(reader, call_id))
            .await
    }

    async fn first_words(&self, calls: &[CallId]) -> Result<BTreeMap<CallId, String>, Failure> {
        let calls = calls.to_vec();
        self.answer(move |reader| query::first_words(reader, &calls))
            .await
    }

    async fn verify(&self) -> Result<Verification, Failure> {
        self.answer(|reader| {
            let found = reader.ask(|database, _| audit::verify(database))?;
            Ok(Verification {
                waiting: spool::waiting(reader.home()),
                ..found
            })
        })
        .await
    }

    async fn examine(&self) -> Result<Examination, Failure> {
        on_a_thread(&self.home, examine::examine).await
    }

    async fn dating(&self, now: Timestamp) -> Result<Dating, Failure> {
        self.answer(move |reader| reader.ask(|database, _| days::dating(database, now)))
            .await
    }
}

/// Removes in batches, so that new calls do not wait for all of it.
fn purge_all(home: &Home, before: Timestamp) -> Result<Purged, Failure> {
    let Some(Opened::Ours(_)) = database::open_to_read(home, database::PATIENCE)? else {
        // The ledger is missing or not writable.
        return database::refuse_newer(home).map(|()| Purged::default());
    };
    let _repair = database::no_repair(home)?;
    let database = database::open_to_write(home, database::PATIENCE)?;
    drop(sweep::sweep(&database, home));
    await_rows(home, before);
    let which = Which {
        before: before.as_millis(),
        // The caller gave the time explicitly.
        first_kept: None,
    };
    let mut all = Purged::default();
    loop {
        match purge::purge_some(&database, home, which, PURGED_TOGETHER) {
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
    // Removed data must not remain in the log either; a concurrent reader may prevent this.
    drop(database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
    Ok(all)
}

/// Waits until other processes have written the rows of their ended calls. Those of one that does
/// not are left.
fn await_rows(home: &Home, before: Timestamp) {
    let deadline = Instant::now() + PATIENCE;
    while journal::have_ended_before(home, before) && Instant::now() < deadline {
        std::thread::sleep(POLL);
    }
}

const PURGED_TOGETHER: u32 = 10_000;
/// Longer than the rows of ended calls wait.
const PATIENCE: Duration = queue::LONGEST.saturating_mul(2);
const POLL: Duration = Duration::from_millis(10);
