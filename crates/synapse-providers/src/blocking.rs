//! Moves work on large bodies off the async runtime.

use std::sync::Arc;

use synapse_core::chat::ChatRequest;
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
            "the work on a separate thread did not end",
        )
        .caused_by(&error)
    })
}

/// The body of `request` made by `write`, on a separate thread if the request is large.
///
/// # Errors
/// Those of `write`, and of [`run_blocking`].
pub(crate) async fn written_body(
    request: &Arc<ChatRequest>,
    write: impl FnOnce(&ChatRequest) -> Result<Vec<u8>, Failure> + Send + 'static,
) -> Result<Vec<u8>, Failure> {
    if !request.is_large() {
        return write(request);
    }
    let request = Arc::clone(request);
    run_blocking(LARGE, move || write(&request)).await.flatten()
}

/// Reading and cleaning take up to 0.2 ms per KiB, so this is a millisecond of the server's thread.
const LARGE: usize = 4 * 1024;

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::sync::mpsc;
    use std::task::Poll;

    use synapse_core::chat::{Message, Role};
    use tokio::runtime::Builder;

    use super::*;

    /// The state of `work` after its first step.
    async fn begun<T>(work: &mut (impl Future<Output = T> + Unpin)) -> Poll<T> {
        let mut work = pin!(work);
        poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await
    }

    fn asked(messages: Vec<Message>) -> Arc<ChatRequest> {
        let mut request = ChatRequest::prompt("m".parse().unwrap(), "");
        request.messages = messages;
        Arc::new(request)
    }

    fn length(request: &ChatRequest) -> Result<Vec<u8>, Failure> {
        Ok(request.transcript().into_bytes())
    }

    /// While the only other thread is held, a small request is written and a large one waits.
    #[test]
    fn only_a_large_request_is_written_on_another_thread() {
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(1)
            .build();
        runtime.unwrap().block_on(async {
            let (release, held) = mpsc::channel::<()>();
            let gate = tokio::task::spawn_blocking(move || held.recv());
            let small = asked(vec![Message::new(Role::User, "hi")]);
            let text = Message::new(Role::User, "x".repeat(300_000));
            let many = vec![Message::new(Role::User, "x"); 1_000];
            let large = [asked(vec![text]), asked(many)];

            assert!(
                begun(&mut Box::pin(written_body(&small, length)))
                    .await
                    .is_ready()
            );
            let mut waiting: Vec<_> = large
                .iter()
                .map(|request| Box::pin(written_body(request, length)))
                .collect();
            for work in &mut waiting {
                assert!(begun(work).await.is_pending());
            }
            drop(release);
            for (work, request) in waiting.into_iter().zip(&large) {
                assert_eq!(work.await, length(request));
            }
            assert!(gate.await.unwrap().is_err(), "it was held to the end");
        });
    }
}
