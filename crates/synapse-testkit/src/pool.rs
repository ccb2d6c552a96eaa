//! A runtime whose only thread for blocking work can be held: shows, without a clock, which thread
//! does some work.

use std::pin::Pin;
use std::sync::mpsc::{Sender, channel};
use std::task::Poll;

use tokio::runtime::Builder;
use tokio::task::{JoinHandle, spawn_blocking};

/// Runs `test` on a runtime of one thread, and one more for blocking work.
///
/// # Panics
/// If the runtime cannot be built.
pub fn run(test: impl Future<Output = ()>) {
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_all().max_blocking_threads(1).build();
    runtime.expect("a runtime").block_on(test);
}

/// Holds the thread for blocking work until it is dropped.
#[derive(Debug)]
pub struct HeldPool {
    _release: Sender<()>,
    _gate: JoinHandle<bool>,
}

impl HeldPool {
    /// Holds it. Needs the runtime of [`run`].
    #[must_use]
    pub fn hold() -> Self {
        let (release, held) = channel::<()>();
        let gate = spawn_blocking(move || held.recv().is_ok());
        Self {
            _release: release,
            _gate: gate,
        }
    }
}

/// The state of `work` after its first step.
pub async fn begun<T>(work: &mut (impl Future<Output = T> + Unpin)) -> Poll<T> {
    std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut *work).poll(context))).await
}
