//! Moves work on large bodies off the async runtime.

use synapse_core::error::{Code, Failure};

/// Runs `work`, on a separate thread if `bytes` is large.
///
/// Needs a tokio runtime. Dropping the future does not cancel the work, which is bounded and has no
/// side effects.
///
/// # Errors
/// `internal.invariant` if the work panicked or the runtime is shutting down.
pub(crate) async fn run_blocking<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    if bytes < LARGE {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Failure::new(
            Code::InternalInvariant,
            "the answer could not be parsed on a separate thread",
        )
        .caused_by(&error)
    })
}

/// Reading and cleaning take up to 0.2 ms per KiB, so this is a millisecond of the server's thread.
const LARGE: usize = 4 * 1024;
