//! Work on large bodies, away from the thread that serves everything else.

use synapse_core::error::{Code, Failure};

/// Does `work`, on a thread of its own when it has as many as `bytes` to go over.
///
/// Needs a tokio runtime, as the client does. Work that has begun is not cancelled with the future;
/// it is bounded and touches nothing outside of itself.
///
/// # Errors
/// `internal.invariant` when the work panicked or the runtime is shutting down.
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
            "the answer could not be read on a thread of its own",
        )
        .caused_by(&error)
    })
}

/// What takes well under a millisecond to go over.
const LARGE: usize = 64 * 1024;
