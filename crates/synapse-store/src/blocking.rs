//! Runs what blocks on a thread of its own, which then waits for the next work for as long as the
//! process lives: starting a thread is most of what a small piece of work costs.

use std::io;
use std::sync::mpsc::{self, Receiver, SendError, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::Builder;

use tokio::sync::oneshot;

/// Runs `work` on a thread of its own. Dropping the future leaves the work behind: it ends by itself, and never
/// holds a runtime up.
///
/// # Errors
/// No thread could be started, or the work ended its thread.
pub(crate) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (sender, reply) = oneshot::channel();
    // A reply that nobody waits for any more is moot.
    hand_over(Box::new(move || drop(sender.send(work()))))?;
    reply
        .await
        .map_err(|_| io::Error::other("its thread ended without an answer"))
}

/// To the thread that waits, or to a new one.
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

/// Works, and waits for more unless another thread does already.
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

/// What a thread is to do, and the way to it, which it leaves for others when it is done.
struct Job {
    work: Work,
    way: Sender<Self>,
}

impl Job {
    const fn new(work: Work, way: Sender<Self>) -> Self {
        Self { work, way }
    }
}

/// The way to the one thread that waits, if one does.
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
