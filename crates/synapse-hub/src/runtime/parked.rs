//! Calls of legacy upstreams waiting for an answer from a modern IDE.
//!
//! The upstream sends a request during its call; a modern IDE gets `input_required` and answers in
//! another request. In between the call is parked under an unguessable handle, which resumes it
//! once, for the same request, until its timeout. A parked call that is dropped is cancelled at the
//! upstream.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};
use synapse_core::error::{Code, Failure};
use synapse_core::upstream::UpstreamName;
use synapse_mcp::JsonObject;
use synapse_mcp::client::CallError;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::Use;
use super::pulse::Pulse;
use super::relaying::ServerRequest;
use crate::blocking::of_shared;
use crate::compare::canonical;

/// The parked calls of a hub.
pub(crate) struct Parking<S = Suspended>(ParkedCalls<S>);

type ParkedCalls<S> = Arc<Mutex<HashMap<String, Parked<S>>>>;

struct Parked<S> {
    digest: Digest,
    suspended: S,
}

impl<S> Clone for Parking<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> Default for Parking<S> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

/// Identifies a request independent of its answers.
pub(super) type Digest = [u8; 32];

/// A running call at an upstream, with its pending server requests.
pub(crate) struct Suspended {
    /// The upstream's use count.
    pub(super) running: Use,
    pub(super) work: Work,
    pub(super) questions: mpsc::Receiver<ServerRequest>,
    /// Server requests sent to the IDE, by key.
    pub(super) pending: Vec<(String, ServerRequest)>,
    pub(super) pulse: Pulse,
    /// Number of server requests so far, for their keys.
    pub(super) asked: usize,
}

/// A task that is aborted on drop.
pub(super) struct Work(pub(super) JoinHandle<Result<JsonObject, CallError>>);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Whether `state` is a handle of a parked call.
pub(super) fn is_handle(state: &str) -> bool {
    state.starts_with(PREFIX)
}

impl<S: Send + 'static> Parking<S> {
    /// Parks a call and returns its handle.
    ///
    /// # Errors
    /// `upstream.unsupported` if too many calls are parked; the call is cancelled.
    pub(super) fn park(&self, digest: Digest, suspended: S) -> Result<String, Failure> {
        let handle = handle()?;
        {
            let mut parked = self.lock();
            if parked.len() >= MOST {
                return Err(Failure::new(
                    Code::UpstreamUnsupported,
                    format!("{MOST} calls wait for answers already"),
                )
                .hint("answer or cancel the questions that are open"));
            }
            parked.insert(handle.clone(), Parked { digest, suspended });
        }
        let places = Arc::downgrade(&self.0);
        let key = handle.clone();
        let end = Instant::now() + LONGEST;
        tokio::spawn(async move {
            sleep_until(end).await;
            if let Some(places) = places.upgrade() {
                let expired = places
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .remove(&key);
                drop(expired);
            }
        });
        Ok(handle)
    }

    /// Takes the call of `handle` if it was parked for the request `digest`. A different request
    /// leaves it parked.
    pub(super) fn take(&self, handle: &str, digest: &Digest) -> Option<S> {
        let mut parked = self.lock();
        let is_same = parked
            .get(handle)
            .is_some_and(|each| each.digest == *digest);
        if !is_same {
            return None;
        }
        parked.remove(handle).map(|parked| parked.suspended)
    }

    /// Number of parked calls.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.lock().len()
    }

    /// Cancels all of them.
    pub(crate) fn clear(&self) {
        let parked = std::mem::take(&mut *self.lock());
        drop(parked);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Parked<S>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> fmt::Debug for Parking<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Parking")
    }
}

/// The digest of a request, made off the server's thread if that is large.
///
/// # Errors
/// Same as [`of_shared`].
pub(super) async fn digest(
    server: &UpstreamName,
    method: &str,
    params: &Arc<JsonObject>,
) -> Result<Digest, Failure> {
    let (server, method) = (server.clone(), method.to_owned());
    let digest = move |params: &JsonObject| digest_of(server.as_str(), &method, params);
    of_shared(params, digest).await
}

/// Identifies a request by method and parameters without the answers, independent of member order.
fn digest_of(server: &str, method: &str, params: &JsonObject) -> Digest {
    let mut hash = Sha256::new();
    hash.update(server.as_bytes());
    hash.update([0]);
    hash.update(method.as_bytes());
    hash.update([0]);
    let mut keys: Vec<&String> = params.keys().collect();
    keys.sort();
    for key in keys {
        if key != "inputResponses" && key != "requestState" {
            hash.update(key.as_bytes());
            hash.update([0]);
            if let Some(value) = params.get(key) {
                canonical(value, &mut hash);
            }
        }
    }
    hash.finalize().into()
}

fn handle() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Failure::new(Code::InternalInvariant, "the system gave no random bytes"))?;
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

const PREFIX: &str = "synapse-parked-";
/// Maximum parked calls.
const MOST: usize = 64;
/// Maximum wait for an answer.
const LONGEST: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use synapse_testkit::pool::{self, HeldPool, begun};

    use super::*;

    fn object(value: Value) -> JsonObject {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_large_request_is_hashed_off_the_runtimes_thread() {
        pool::run(async {
            let server: UpstreamName = "s".parse().unwrap();
            let params = |bytes: usize| Arc::new(object(json!({"x": "x".repeat(bytes)})));
            let (small, large) = (params(10), params(200_000));
            let held = HeldPool::hold();
            assert!(
                begun(&mut Box::pin(digest(&server, "m", &small)))
                    .await
                    .is_ready()
            );
            let mut waiting = Box::pin(digest(&server, "m", &large));
            assert!(begun(&mut waiting).await.is_pending());
            drop(held);
            assert_eq!(waiting.await, Ok(digest_of("s", "m", &large)));
        });
    }

    #[test]
    fn the_same_request_in_another_order_is_the_same() {
        let first = object(json!({"name": "a", "arguments": {"x": 1, "y": [1, 2]}}));
        let again = object(json!({
            "arguments": {"y": [1, 2], "x": 1}, "name": "a",
            "requestState": "s", "inputResponses": {"q": {}},
        }));
        let other = object(json!({"name": "a", "arguments": {"x": 1, "y": [12]}}));
        assert_eq!(digest_of("s", "m", &first), digest_of("s", "m", &again));
        assert_ne!(digest_of("s", "m", &first), digest_of("s", "m", &other));
        assert_ne!(digest_of("s", "m", &first), digest_of("t", "m", &first));
    }

    #[tokio::test]
    async fn a_handle_resumes_its_own_request_once() {
        let parking = Parking::<()>::default();
        let mine = digest_of("s", "m", &JsonObject::new());
        let handle = parking.park(mine, ()).unwrap();
        assert!(is_handle(&handle));
        assert!(parking.take(&handle, &[0; 32]).is_none());
        assert!(parking.take("synapse-parked-guess", &mine).is_none());
        assert!(parking.take(&handle, &mine).is_some());
        assert!(parking.take(&handle, &mine).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_nobody_resumes_is_cancelled() {
        let parking = Parking::<()>::default();
        parking.park([1; 32], ()).unwrap();
        tokio::time::sleep(LONGEST + Duration::from_secs(1)).await;
        assert_eq!(parking.len(), 0);
    }

    #[tokio::test]
    async fn too_many_parked_calls_are_refused() {
        let parking = Parking::<()>::default();
        for _ in 0..MOST {
            parking.park([1; 32], ()).unwrap();
        }
        let failure = parking.park([1; 32], ()).unwrap_err();
        assert_eq!(failure.code(), Code::UpstreamUnsupported);
    }
}
