//! Ledger decorators that report writes to an observer: calls of connections and requests to
//! upstream servers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use synapse_core::call::CallId;
use synapse_core::error::Failure;
use synapse_core::ledger::{
    Closing, HubClosing, HubOpening, Opening, Purged, Repaired, Reservation,
};
use synapse_core::limits::Verdict;
use synapse_core::ports::{HubLedger, Ledger, Written};
use synapse_core::time::Timestamp;

use crate::observation::{Begun, CallObservation, Observation};
use crate::observer::{Observer, lock};
use crate::upstream::UpstreamObservation;

/// A [`Ledger`] that writes to another ledger and reports its calls to the collector.
///
/// Closing never waits. [`Ledger::flush`] waits a few seconds at most for unsent data, and fails
/// only if the other ledger fails.
#[derive(Debug)]
pub struct ObservedLedger {
    inner: Arc<dyn Ledger>,
    observer: Observer,
    begun: Arc<Mutex<HashMap<CallId, Begun>>>,
}

impl ObservedLedger {
    /// Wraps `inner`. Starts nothing and sends nothing.
    #[must_use]
    pub fn new(inner: Arc<dyn Ledger>, observer: Observer) -> Self {
        Self {
            inner,
            observer,
            begun: Arc::default(),
        }
    }

    fn observation(&self, closing: &Closing) -> Option<Observation> {
        let begun = lock(&self.begun).remove(&closing.receipt.call_id)?;
        Some(Observation::Call(CallObservation::new(begun, closing)))
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
            self.observer.observe(observation);
        }
    }

    fn complete(&self, closing: Closing) -> Written {
        let observation = self.observation(&closing);
        let written = self.inner.complete(closing);
        if let Some(observation) = observation {
            self.observer.observe(observation);
        }
        written
    }

    async fn is_required(&self) -> bool {
        self.inner.is_required().await
    }

    async fn flush(&self) -> Result<(), Failure> {
        let written = self.inner.flush().await;
        self.observer.flush().await;
        written
    }

    async fn purge(&self, before: Timestamp) -> Result<Purged, Failure> {
        self.inner.purge(before).await
    }

    async fn repair(&self) -> Result<Repaired, Failure> {
        self.inner.repair().await
    }
}

/// A [`HubLedger`] that writes to another one and reports calls, reads and gets. Starts and logins
/// are not reported.
#[derive(Debug)]
pub struct ObservedHubLedger {
    inner: Arc<dyn HubLedger>,
    observer: Observer,
    begun: Mutex<HashMap<CallId, HubOpening>>,
}

impl ObservedHubLedger {
    /// Wraps `inner`. Starts nothing and sends nothing.
    #[must_use]
    pub fn new(inner: Arc<dyn HubLedger>, observer: Observer) -> Self {
        Self {
            inner,
            observer,
            begun: Mutex::default(),
        }
    }
}

impl HubLedger for ObservedHubLedger {
    fn begin(&self, opening: HubOpening) -> Written {
        if UpstreamObservation::method(opening.kind).is_some() {
            lock(&self.begun).insert(opening.call_id, opening.clone());
        }
        self.inner.begin(opening)
    }

    fn departing(&self, call_id: CallId, bytes_out: u64) -> Written {
        self.inner.departing(call_id, bytes_out)
    }

    fn end(&self, closing: HubClosing) -> Written {
        let begun = lock(&self.begun).remove(&closing.call_id);
        let observation = begun.and_then(|begun| UpstreamObservation::new(begun, &closing));
        let written = self.inner.end(closing);
        if let Some(observation) = observation {
            self.observer.observe(Observation::Upstream(observation));
        }
        written
    }
}
