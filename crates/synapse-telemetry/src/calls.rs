//! Observes calls: through connections, and to upstream servers.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use synapse_core::call::CallId;
use synapse_core::ledger::HubOpening;
use synapse_core::ports::{CallEvent, CallObserver};

use crate::observation::{Begun, CallObservation, Observation};
use crate::observer::{Observer, lock};
use crate::upstream::UpstreamObservation;

/// Calls that have begun and not ended.
#[derive(Debug, Default)]
pub(crate) struct CallsUnderWay {
    calls: Mutex<HashMap<CallId, Begun>>,
    upstream: Mutex<HashMap<CallId, HubOpening>>,
}

impl CallsUnderWay {
    /// What the event completes, if anything. Starts and logins of upstream servers are not
    /// reported.
    fn note(&self, event: CallEvent<'_>) -> Option<Observation> {
        match event {
            CallEvent::Began(opening) => {
                let call_id = opening.receipt.call_id;
                lock(&self.calls).insert(call_id, Begun::of(opening));
                None
            }
            CallEvent::Ended(closing) => {
                let begun = lock(&self.calls).remove(&closing.receipt.call_id)?;
                Some(Observation::Call(CallObservation::new(begun, closing)))
            }
            CallEvent::UpstreamBegan(opening) => {
                if UpstreamObservation::method(opening.kind).is_some() {
                    lock(&self.upstream).insert(opening.call_id, opening.clone());
                }
                None
            }
            CallEvent::UpstreamEnded(closing) => {
                let begun = lock(&self.upstream).remove(&closing.call_id)?;
                UpstreamObservation::new(begun, closing).map(Observation::Upstream)
            }
            _ => None,
        }
    }
}

#[async_trait]
impl CallObserver for Observer {
    fn observe(&self, event: CallEvent<'_>) {
        if let Some(observation) = self.calls().note(event) {
            self.enqueue(observation);
        }
    }

    /// Waits for pending batches, a few seconds at most.
    async fn flush(&self) {
        self.sent().await;
    }
}
