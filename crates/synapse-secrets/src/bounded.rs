//! Runs blocking work on its own thread, within a deadline. Independent of the stores.

use std::time::Duration;

use synapse_core::{Code, Failure};
use tokio::task::{JoinError, spawn_blocking};

/// Runs `work` on its own thread and waits for it at most `deadline`.
///
/// Late work is abandoned. A secret that it still returns is wiped when it is dropped.
pub(super) async fn bounded<T: Send + 'static>(
    deadline: Duration,
    store: &str,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::time::timeout(deadline, run_blocking(store, work)).await {
        Ok(result) => result,
        Err(_) => Err(late(store, deadline)),
    }
}

/// Runs `work` on its own thread and waits without a deadline: a user may be asked.
pub(super) async fn run_blocking<T: Send + 'static>(
    store: &str,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(failed(store, &error)))
}

/// The failure of a store that did not answer within `deadline`.
pub(super) fn late(store: &str, deadline: Duration) -> Failure {
    Failure::new(
        Code::CredentialStoreTimeout,
        format!("{store} did not answer within {} s", deadline.as_secs_f64()),
    )
    .cause("nothing was sent to the provider")
    .hint("see whether it waits for a prompt or for the network, then try again")
}

fn failed(store: &str, error: &JoinError) -> Failure {
    Failure::new(
        Code::CredentialStoreFailed,
        format!("{store} could not be asked"),
    )
    .caused_by(error)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn what_is_late_is_left_behind() {
        let (release, held) = mpsc::channel::<()>();
        let failure = bounded(Duration::from_millis(20), "the store", move || {
            held.recv().ok();
            Ok(())
        })
        .await
        .unwrap_err();
        assert_eq!(failure.code(), Code::CredentialStoreTimeout);
        assert_eq!(failure.message(), "the store did not answer within 0.02 s");
        drop(release);
    }

    #[tokio::test]
    async fn a_thread_that_dies_is_a_failure() {
        let failure = run_blocking::<()>("the store", || panic!("a defect of a library"))
            .await
            .unwrap_err();
        assert_eq!(failure.code(), Code::CredentialStoreFailed);
    }
}
