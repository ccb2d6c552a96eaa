//! A ledger that tells a collector of what another one writes.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use async_trait::async_trait;
use synapse_core::call::CallId;
use synapse_core::error::Failure;
use synapse_core::ledger::{Closing, Opening, Purged, Repaired, Reservation};
use synapse_core::limits::Verdict;
use synapse_core::ports::{Clock, Ledger, Written};
use synapse_core::telemetry::CollectorUrl;
use synapse_core::time::Timestamp;
use tokio::sync::{mpsc, oneshot};

use crate::collector::{Collector, not_delivered};
use crate::export::{Job, run};
use crate::observation::{Begun, Observation};

/// What an [`ObservedLedger`] is joined to.
pub struct Wiring {
    /// Says where the collector is, if anywhere. Asked once, when the first call has ended.
    pub collector: Box<dyn Fn() -> Result<Option<CollectorUrl>, Failure> + Send + Sync>,
    /// Told once, when something was not delivered for the first time.
    pub warn: Box<dyn Fn(&Failure) + Send + Sync>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The version of the program.
    pub version: String,
    /// An id of this process that no other has.
    pub instance: String,
}

impl Wiring {
    pub(crate) fn collector(&self) -> Result<Option<Collector>, Failure> {
        let user_agent = || format!("synapse/{}", self.version);
        (self.collector)()?
            .map(|url| Collector::new(url, user_agent()))
            .transpose()
    }
}

impl fmt::Debug for Wiring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Wiring")
            .field("version", &self.version)
            .field("instance", &self.instance)
            .finish_non_exhaustive()
    }
}

/// A [`Ledger`] that writes to another one and has its calls told to the collector.
///
/// Closing never waits: observations go to a thread of their own, which is started by the first one.
/// [`Ledger::flush`] waits for what is not sent yet, a few seconds at most, and fails for the other
/// ledger's reasons alone. Dropping it sends what is left.
#[derive(Debug)]
pub struct ObservedLedger {
    inner: Arc<dyn Ledger>,
    wiring: Arc<Wiring>,
    warned: Arc<AtomicBool>,
    begun: Arc<Mutex<HashMap<CallId, Begun>>>,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    jobs: mpsc::Sender<Job>,
    thread: JoinHandle<()>,
}

impl ObservedLedger {
    /// In front of `inner`. Starts nothing and sends nothing.
    #[must_use]
    pub fn new(inner: Arc<dyn Ledger>, wiring: Wiring) -> Self {
        Self {
            inner,
            wiring: Arc::new(wiring),
            warned: Arc::default(),
            begun: Arc::default(),
            running: Mutex::default(),
        }
    }

    fn observe(&self, observation: Observation) {
        let mut running = lock(&self.running);
        if running.is_none() {
            match self.start() {
                Ok(started) => *running = Some(started),
                Err(error) => return self.warn(&not_delivered("no thread").caused_by(&error)),
            }
        }
        let Some(running) = running.as_ref() else {
            return;
        };
        if running
            .jobs
            .try_send(Job::Observe(Box::new(observation)))
            .is_err()
        {
            self.warn(&not_delivered("the collector is slower than the calls"));
        }
    }

    fn observation(&self, closing: &Closing) -> Option<Observation> {
        let begun = lock(&self.begun).remove(&closing.receipt.call_id);
        begun.map(|begun| Observation::new(begun, closing))
    }

    fn start(&self) -> std::io::Result<Running> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        let wiring = Arc::clone(&self.wiring);
        let warned = Arc::clone(&self.warned);
        let thread = Builder::new()
            .name("synapse-telemetry".to_owned())
            .spawn(move || {
                let warn = |failure: &Failure| warn_once(&wiring, &warned, failure);
                runtime.block_on(run(Arc::clone(&wiring), queue, warn));
            })?;
        Ok(Running { jobs, thread })
    }

    fn warn(&self, failure: &Failure) {
        warn_once(&self.wiring, &self.warned, failure);
    }
}

#[async_trait]
impl Ledger for ObservedLedger {
    fn open(&self, opening: Opening) -> Written {
        let call_id = opening.receipt.call_id;
        lock(&self.begun).insert(call_id, Begun::of(&opening));
        let begun = Arc::clone(&self.begun);
        let written = self.inner.open(opening);
        Box::pin(async move {
            let written = written.await;
            if written.is_err() {
                lock(&begun).remove(&call_id);
            }
            written
        })
    }

    async fn reserve(&self, reservation: Reservation) -> Result<Verdict, Failure> {
        self.inner.reserve(reservation).await
    }

    fn sending(&self, call_id: CallId, bytes_out: u64) -> Written {
        self.inner.sending(call_id, bytes_out)
    }

    fn close(&self, closing: Closing) {
        let observation = self.observation(&closing);
        self.inner.close(closing);
        if let Some(observation) = observation {
            self.observe(observation);
        }
    }

    fn complete(&self, closing: Closing) -> Written {
        let observation = self.observation(&closing);
        let written = self.inner.complete(closing);
        if let Some(observation) = observation {
            self.observe(observation);
        }
        written
    }

    async fn is_required(&self) -> bool {
        self.inner.is_required().await
    }

    async fn flush(&self) -> Result<(), Failure> {
        let written = self.inner.flush().await;
        let jobs = lock(&self.running)
            .as_ref()
            .map(|running| running.jobs.clone());
        if let Some(jobs) = jobs {
            let (done, sent) = oneshot::channel();
            if jobs.send(Job::Flush(done)).await.is_ok() {
                // A thread that has nobody to send to does not answer.
                drop(sent.await);
            }
        }
        written
    }

    async fn purge(&self, before: Timestamp) -> Result<Purged, Failure> {
        self.inner.purge(before).await
    }

    async fn repair(&self) -> Result<Repaired, Failure> {
        self.inner.repair().await
    }
}

impl Drop for ObservedLedger {
    fn drop(&mut self) {
        if let Some(Running { jobs, thread }) = lock(&self.running).take() {
            // The thread ends when the queue is both closed and empty.
            drop(jobs);
            drop(thread.join());
        }
    }
}

fn warn_once(wiring: &Wiring, warned: &AtomicBool, failure: &Failure) {
    if !warned.swap(true, Ordering::SeqCst) {
        (wiring.warn)(failure);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Finished calls that may wait for a slow collector.
const QUEUE: usize = 4096;
