//! The thread that batches and sends observations.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::metrics::v1::{Metric, ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use synapse_core::error::Failure;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::attributes::Attributes;
use crate::collector::Collector;
use crate::conventions as name;
use crate::metrics::Meter;
use crate::observation::Observation;
use crate::wiring::Wiring;

/// A message to the thread.
#[derive(Debug)]
pub(crate) enum ExportJob {
    /// Records a finished operation.
    Observe(Box<Observation>),
    /// Sends everything recorded so far, then acknowledges.
    Flush(oneshot::Sender<()>),
}

/// Runs until every sender of `jobs` is dropped, then sends the rest. Reports each lost batch to
/// `warn`.
pub(crate) async fn run(
    wiring: Arc<Wiring>,
    mut jobs: mpsc::Receiver<ExportJob>,
    warn: impl Fn(&Failure),
) {
    let collector = match wiring.collector() {
        Ok(Some(collector)) => collector,
        Ok(None) => return idle(jobs).await,
        Err(failure) => {
            warn(&failure);
            return idle(jobs).await;
        }
    };
    let mut batch = Batch::new(&wiring, collector);
    loop {
        let due = batch.due;
        let deadline = async move {
            match due {
                Some(due) => sleep_until(due).await,
                None => pending().await,
            }
        };
        let job = tokio::select! {
            biased;
            () = deadline => None,
            job = jobs.recv() => match job {
                Some(job) => Some(job),
                None => break,
            },
        };
        match job {
            Some(ExportJob::Observe(observation)) if batch.spans.len() + 1 < BATCH => {
                batch.add(&observation);
            }
            Some(ExportJob::Observe(observation)) => {
                batch.add(&observation);
                batch.send().await.unwrap_or_else(|failure| warn(&failure));
            }
            None => batch.send().await.unwrap_or_else(|failure| warn(&failure)),
            Some(ExportJob::Flush(done)) => {
                batch.send().await.unwrap_or_else(|failure| warn(&failure));
                if done.send(()).is_err() {
                    // Best effort: the caller may be gone; the batch is sent anyway.
                    continue;
                }
            }
        }
    }
    batch.send().await.unwrap_or_else(|failure| warn(&failure));
}

/// Without a collector nothing is kept, and a flush returns at once.
async fn idle(mut jobs: mpsc::Receiver<ExportJob>) {
    while let Some(job) = jobs.recv().await {
        drop(job);
    }
}

/// The next batch.
#[derive(Debug)]
struct Batch<'a> {
    wiring: &'a Wiring,
    collector: Collector,
    spans: Vec<Span>,
    meter: Meter,
    /// Deadline for sending; `None` while it is empty.
    due: Option<Instant>,
}

impl<'a> Batch<'a> {
    fn new(wiring: &'a Wiring, collector: Collector) -> Self {
        Self {
            wiring,
            collector,
            spans: Vec::new(),
            meter: Meter::new(wiring.clock.now()),
            due: None,
        }
    }

    fn add(&mut self, observation: &Observation) {
        self.due.get_or_insert_with(|| Instant::now() + DELAY);
        self.spans.push(observation.span());
        self.meter.record(observation);
    }

    /// Sends the batch, traces and metrics concurrently, and clears it even on failure.
    async fn send(&mut self) -> Result<(), Failure> {
        if self.due.take().is_none() {
            return Ok(());
        }
        let spans = std::mem::take(&mut self.spans);
        let traces = self.traces(spans);
        let metrics = self.meter.take(self.wiring.clock.now());
        let spans = self.collector.traces(&traces);
        if metrics.is_empty() {
            return spans.await;
        }
        let metrics = self.metrics(metrics);
        let (spans, points) = tokio::join!(spans, self.collector.metrics(&metrics));
        spans.and(points)
    }

    fn traces(&self, spans: Vec<Span>) -> ExportTraceServiceRequest {
        ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(self.resource()),
                scope_spans: vec![ScopeSpans {
                    scope: Some(self.scope()),
                    spans,
                    schema_url: name::SCHEMA_URL.to_owned(),
                }],
                schema_url: name::SCHEMA_URL.to_owned(),
            }],
        }
    }

    fn metrics(&self, metrics: Vec<Metric>) -> ExportMetricsServiceRequest {
        ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                resource: Some(self.resource()),
                scope_metrics: vec![ScopeMetrics {
                    scope: Some(self.scope()),
                    metrics,
                    schema_url: name::SCHEMA_URL.to_owned(),
                }],
                schema_url: name::SCHEMA_URL.to_owned(),
            }],
        }
    }

    fn resource(&self) -> Resource {
        let mut attributes = Attributes::default();
        attributes.text(name::SERVICE_NAME, SYNAPSE);
        attributes.text(name::SERVICE_VERSION, &self.wiring.version);
        attributes.text(name::SERVICE_INSTANCE, &self.wiring.instance);
        Resource {
            attributes: attributes.into_vec(),
            ..Resource::default()
        }
    }

    fn scope(&self) -> InstrumentationScope {
        InstrumentationScope {
            name: SYNAPSE.to_owned(),
            version: self.wiring.version.clone(),
            ..InstrumentationScope::default()
        }
    }
}

const SYNAPSE: &str = "synapse";
/// Maximum calls per request.
const BATCH: usize = 512;
/// Maximum delay of a call in a batch.
const DELAY: Duration = Duration::from_secs(5);
