//! Moves work on large values off the async runtime, by a port: core has no threads.

use std::sync::{Arc, Mutex, PoisonError};

use super::Ports;
use crate::error::{Code, Failure};

impl Ports {
    /// Runs `work` on a thread that may block.
    ///
    /// # Errors
    /// `internal.invariant` if it panicked or the runtime is shutting down.
    pub(super) async fn run_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let result = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&result);
        let work = move || {
            let made = work();
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        };
        self.connections.run_blocking(Box::new(work)).await;
        let made = result.lock().unwrap_or_else(PoisonError::into_inner).take();
        made.ok_or_else(|| {
            let message = "the work on a separate thread did not end";
            Failure::new(Code::InternalInvariant, message)
        })
    }
}
