//! Runs blocking work on a worker thread that stays alive for more work: starting a thread
//! dominates the cost of small work.

use std::io;
use std::sync::mpsc::{self, Receiver, SendError, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::Builder;

use tokio::sync::oneshot;

/// Runs `work` on a worker thread. Dropping the future detaches the work, which ends by itself and
/// never delays a runtime's shutdown.
///
/// # Errors
/// No thread could be started, or the work panicked.
pub(crate) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (sender, reply) = oneshot::channel();
    // Best effort: the receiver may be gone.
    hand_over(Box::new(move || drop(sender.send(work()))))?;
    reply
        .await
        .map_err(|_| io::Error::other("its thread ended without an answer"))
}

/// Passes work to the idle thread or a new one.
fn hand_over(work: Work) -> io::Result<()> {
    let Some(way) = waiting().take() else {
        return start(work);
    };
    match way.send(Job::new(work, way.clone())) {
        Ok(()) => Ok(()),
        Err(SendError(job)) => start(job.work),
    }
}

fn start(work: Work) -> io::Result<()> {
    let (way, jobs) = mpsc::channel();
    let first = Job::new(work, way);
    Builder::new()
        .name("synapse-blocking".to_owned())
        .spawn(move || serve(first, &jobs))
        .map(drop)
}

/// Runs work, then waits for more unless another thread already waits.
fn serve(first: Job, jobs: &Receiver<Job>) {
    let mut next = Some(first);
    while let Some(Job { work, way }) = next {
        work();
        {
            let mut waiting = waiting();
            if waiting.is_some() {
                return;
            }
            *waiting = Some(way);
        }
        next = jobs.recv().ok();
    }
}

type Work = Box<dyn FnOnce() + Send>;

/// Work for a thread, and the channel on which it will wait afterwards.
struct Job {
    work: Work,
    way: Sender<Self>,
}

impl Job {
    const fn new(work: Work, way: Sender<Self>) -> Self {
        Self { work, way }
    }
}

/// The channel of the idle thread, if there is one.
fn waiting() -> MutexGuard<'static, Option<Sender<Job>>> {
    static WAITING: Mutex<Option<Sender<Job>>> = Mutex::new(None);
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[tokio::test]
    async fn a_thread_that_is_done_is_used_again() {
        let mut used = Vec::new();
        while used.len() < 1_000 {
            let id = run_blocking(|| thread::current().id()).await.unwrap();
            if used.contains(&id) {
                return;
            }
            used.push(id);
        }
        panic!("every piece of work had a thread of its own");
    }

    #[tokio::test]
    async fn what_hangs_is_in_nobodys_way() {
        let (release, held) = mpsc::channel::<()>();
        let hanging = tokio::spawn(run_blocking(move || held.recv().is_err()));
        for number in 0..100 {
            assert_eq!(run_blocking(move || number).await.unwrap(), number);
        }
        assert!(!hanging.is_finished());
        drop(release);
        assert!(hanging.await.unwrap().unwrap());
    }

    #[tokio::test]
    async fn a_thread_that_dies_is_told_and_replaced() {
        let died = run_blocking::<()>(|| panic!("a defect of a library")).await;
        assert!(died.is_err());
        assert_eq!(run_blocking(|| 1).await.unwrap(), 1);
    }
}
