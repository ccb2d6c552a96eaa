//! Observes calls: through connections, and to upstream servers.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use synapse_core::call::CallId;
use synapse_core::ledger::HubOpening;
use synapse_core::ports::CallEvent;

use crate::call::{Begun, CallObservation};
use crate::observation::Observation;
use crate::upstream::UpstreamObservation;

/// Calls that have begun and not ended.
#[derive(Debug, Default)]
pub(crate) struct CallsUnderWay {
    calls: Mutex<HashMap<CallId, Begun>>,
    upstream: Mutex<HashMap<CallId, HubOpening>>,
}

impl CallsUnderWay {
    /// The observation that the event completes, if any. Starts and logins of upstream servers are not
    /// reported.
    pub(crate) fn note(&self, event: CallEvent<'_>) -> Option<Observation> {
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

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
