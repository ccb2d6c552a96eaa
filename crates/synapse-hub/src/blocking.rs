//! Moves work on large foreign values off the async runtime.

use std::sync::Arc;

use synapse_core::error::{Code, Failure};
use synapse_mcp::JsonObject;
use synapse_mcp::size::{LARGE, outweigh};
use tokio::task::spawn_blocking;

/// Runs `work` on a separate thread. Dropping the future does not cancel it.
///
/// # Errors
/// `internal.invariant` if the work panicked or the runtime is shutting down.
pub(crate) async fn off_runtime<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    spawn_blocking(work).await.map_err(|error| {
        let message = "the work on a separate thread did not end";
        Failure::new(Code::InternalInvariant, message).caused_by(&error)
    })
}

/// The result of `work` for `object`, off the server's thread if that is large.
///
/// # Errors
/// Same as [`off_runtime`].
pub(crate) async fn of_shared<T: Send + 'static>(
    object: &Arc<JsonObject>,
    work: impl FnOnce(&JsonObject) -> T + Send + 'static,
) -> Result<T, Failure> {
    if !outweigh(object.values(), LARGE) {
        return Ok(work(object));
    }
    let object = Arc::clone(object);
    off_runtime(move || work(&object)).await
}

/// [`of_shared`] for an object that is owned, which it returns.
///
/// # Errors
/// Same as [`off_runtime`]; the object is lost.
pub(crate) async fn of_owned<T: Send + 'static>(
    object: JsonObject,
    work: impl FnOnce(&JsonObject) -> T + Send + 'static,
) -> Result<(T, JsonObject), Failure> {
    if !outweigh(object.values(), LARGE) {
        return Ok((work(&object), object));
    }
    off_runtime(move || (work(&object), object)).await
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use serde_json::json;
    use synapse_testkit::pool::{self, HeldPool, begun};

    use super::*;

    fn object(bytes: usize) -> JsonObject {
        JsonObject::from_iter([("x".to_owned(), json!("x".repeat(bytes)))])
    }

    #[test]
    fn only_work_on_a_large_object_waits_for_another_thread() {
        pool::run(async {
            let held = HeldPool::hold();
            let (small, large) = (object(10), object(LARGE));
            let mut owned = Box::pin(of_owned(small.clone(), JsonObject::len));
            assert_eq!(begun(&mut owned).await, Poll::Ready(Ok((1, small.clone()))));
            let small = Arc::new(small);
            let mut shared = Box::pin(of_shared(&small, JsonObject::len));
            assert_eq!(begun(&mut shared).await, Poll::Ready(Ok(1)));

            let mut owned = Box::pin(of_owned(large.clone(), JsonObject::len));
            assert!(begun(&mut owned).await.is_pending());
            let shared_large = Arc::new(large.clone());
            let mut shared = Box::pin(of_shared(&shared_large, JsonObject::len));
            assert!(begun(&mut shared).await.is_pending());
            drop(held);
            assert_eq!(owned.await, Ok((1, large)));
            assert_eq!(shared.await, Ok(1));
        });
    }
}
