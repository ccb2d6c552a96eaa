//! Queues observations for the exporting thread; shared by all observers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};

use async_trait::async_trait;
use synapse_core::error::Failure;
use synapse_core::ports::{CallEvent, CallObserver};
use synapse_mcp::host::{RequestEnding, RequestObserver, RequestOpening, RequestSpan, SpanContext};
use tokio::sync::{mpsc, oneshot};

use crate::calls::{CallsUnderWay, lock};
use crate::collector::not_delivered;
use crate::export::{ExportJob, run};
use crate::observation::Observation;
use crate::request::{BegunRequest, Ended};
use crate::wiring::Wiring;

/// Accepts observations of calls, upstream calls and IDE requests, and sends them in batches.
///
/// Observing never waits: the first observation starts a background thread. Dropping the last
/// handle sends the rest.
#[derive(Debug, Clone)]
pub struct Observer(Arc<ObserverState>);

#[derive(Debug)]
struct ObserverState {
    wiring: Arc<Wiring>,
    warned: Arc<AtomicBool>,
    running: Mutex<Option<RunningExport>>,
    calls: CallsUnderWay,
}

#[derive(Debug)]
struct RunningExport {
    jobs: mpsc::Sender<ExportJob>,
    thread: JoinHandle<()>,
}

impl Observer {
    /// Starts nothing and sends nothing.
    #[must_use]
    pub fn new(wiring: Wiring) -> Self {
        Self(Arc::new(ObserverState {
            wiring: Arc::new(wiring),
            warned: Arc::default(),
            running: Mutex::default(),
            calls: CallsUnderWay::default(),
        }))
    }

    fn enqueue(&self, observation: Observation) {
        let mut running = lock(&self.0.running);
        if running.is_none() {
            match self.0.start() {
                Ok(started) => *running = Some(started),
                Err(error) => return self.0.warn(&not_delivered("no thread").caused_by(&error)),
            }
        }
        let Some(running) = running.as_ref() else {
            return;
        };
        if running
            .jobs
            .try_send(ExportJob::Observe(Box::new(observation)))
            .is_err()
        {
            self.0
                .warn(&not_delivered("the collector is slower than the calls"));
        }
    }

    /// Waits a few seconds at most for unsent data.
    async fn sent(&self) {
        let jobs = lock(&self.0.running)
            .as_ref()
            .map(|running| running.jobs.clone());
        if let Some(jobs) = jobs {
            let (done, sent) = oneshot::channel();
            if jobs.send(ExportJob::Flush(done)).await.is_ok() {
                // Best effort: without a collector the thread does not answer.
                drop(sent.await);
            }
        }
    }
}

#[async_trait]
impl CallObserver for Observer {
    fn observe(&self, event: CallEvent<'_>) {
        if let Some(observation) = self.0.calls.note(event) {
            self.enqueue(observation);
        }
    }

    /// Waits for pending batches, a few seconds at most.
    async fn flush(&self) {
        self.sent().await;
    }
}

impl RequestObserver for Observer {
    fn begin(&self, opening: RequestOpening) -> Box<dyn RequestSpan> {
        let id = self.0.wiring.ids.next().as_uuid();
        // The random half of the id: never zero, because it contains the UUID's variant.
        let span_id = id.as_u64_pair().1.to_be_bytes();
        let trace_id = opening
            .parent
            .map_or_else(|| id.into_bytes(), SpanContext::trace_id);
        let clock = &self.0.wiring.clock;
        Box::new(RequestUnderWay {
            observer: self.clone(),
            begun: Some(BegunRequest {
                context: SpanContext::new(trace_id, span_id),
                started_at: clock.now(),
                began: clock.monotonic(),
                opening,
            }),
            context: SpanContext::new(trace_id, span_id),
        })
    }
}

/// A request in progress.
#[derive(Debug)]
struct RequestUnderWay {
    observer: Observer,
    begun: Option<BegunRequest>,
    context: SpanContext,
}

impl RequestUnderWay {
    fn finish(&mut self, ended: Ended) {
        if let Some(begun) = self.begun.take() {
            let now = self.observer.0.wiring.clock.monotonic();
            self.observer
                .enqueue(Observation::Request(begun.ended(ended, now)));
        }
    }
}

impl RequestSpan for RequestUnderWay {
    fn context(&self) -> SpanContext {
        self.context
    }

    fn end(mut self: Box<Self>, ending: RequestEnding) {
        self.finish(Ended::By(ending));
    }
}

impl Drop for RequestUnderWay {
    fn drop(&mut self) {
        self.finish(Ended::Cancelled);
    }
}

impl ObserverState {
    fn start(&self) -> std::io::Result<RunningExport> {
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
        Ok(RunningExport { jobs, thread })
    }

    fn warn(&self, failure: &Failure) {
        warn_once(&self.wiring, &self.warned, failure);
    }
}

impl Drop for ObserverState {
    fn drop(&mut self) {
        if let Some(RunningExport { jobs, thread }) = lock(&self.running).take() {
            // The thread ends once the queue is closed and empty.
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

/// Observations queued for a slow collector.
const QUEUE: usize = 4096;
