//! The runtime of a command.

use synapse_core::error::{Code, Failure};

/// A single-threaded runtime: the work waits for one peer at a time.
///
/// Dropping it does not wait for blocked threads: a keyring that never answers, or a pending
/// terminal read, ends with the process.
#[derive(Debug)]
pub(crate) struct Runtime(Option<tokio::runtime::Runtime>);

impl Runtime {
    /// # Errors
    /// `internal.invariant` when the system refuses it.
    pub(crate) fn start() -> Result<Self, Failure> {
        let built = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        built.map(|runtime| Self(Some(runtime))).map_err(|error| {
            Failure::new(Code::InternalInvariant, "the runtime cannot start").caused_by(&error)
        })
    }

    /// Runs `work` to its end.
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        match &self.0 {
            Some(runtime) => runtime.block_on(work),
            None => unreachable!("it is there until it is dropped"),
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn its_end_waits_for_no_thread_that_blocks() {
        let (release, held) = mpsc::channel::<()>();
        let runtime = Runtime::start().unwrap();
        let mut left = None;
        runtime.block_on(async {
            left = Some(tokio::task::spawn_blocking(move || held.recv()));
        });
        drop(runtime);
        drop(release);
        drop(left);
    }
}
