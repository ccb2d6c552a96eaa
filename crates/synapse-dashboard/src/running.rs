//! A check running in the background: its results so far, its end, and its viewers. Without viewers
//! it is cancelled, as by Ctrl-C.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use synapse_core::connection::Draft;
use synapse_core::engine::Saved;
use synapse_core::error::Failure;
use synapse_core::preflight::{Check, PreflightReport, Reach};
use synapse_core::time::Timestamp;
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// The purpose of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To create a connection.
    Create,
    /// To edit the connection of that name; with the digest of the displayed draft.
    Edit(String),
    /// To check a saved connection.
    Look,
}

/// The requested check.
#[derive(Debug, Clone)]
pub(crate) struct CheckOrder {
    pub(crate) purpose: Purpose,
    pub(crate) name: String,
    pub(crate) draft: Draft,
    pub(crate) reach: Reach,
    pub(crate) started_at: Timestamp,
}

/// How it ended.
#[derive(Debug, Clone)]
pub(crate) enum CheckEnd {
    /// Preflight completed; with the result of saving the connection.
    Completed(Box<PreflightReport>, Result<(), Failure>),
    /// It did not start.
    Refused(Failure),
    /// Nobody was watching any more.
    Cancelled,
}

impl From<Result<Saved, Failure>> for CheckEnd {
    fn from(saved: Result<Saved, Failure>) -> Self {
        match saved {
            Ok(saved) => Self::Completed(Box::new(saved.report), saved.result),
            Err(failure) => Self::Refused(failure),
        }
    }
}

/// A check, running or finished.
pub(crate) struct RunningCheck {
    pub(crate) order: CheckOrder,
    inner: Mutex<RunningState>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct RunningState {
    checks: Vec<(Check, u64)>,
    ended: Option<CheckEnd>,
    watchers: usize,
    task: Option<AbortHandle>,
}

impl fmt::Debug for RunningCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RunningCheck")
            .field("order", &self.order)
            .finish_non_exhaustive()
    }
}

impl RunningCheck {
    pub(crate) fn new(order: CheckOrder) -> Arc<Self> {
        Arc::new(Self {
            order,
            inner: Mutex::default(),
            changed: watch::channel(()).0,
        })
    }

    /// Records a decided check, `took` milliseconds after the previous one.
    pub(crate) fn tell(&self, check: &Check, took: u64) {
        self.lock().checks.push((check.clone(), took));
        self.changed.send_replace(());
    }

    /// Records the end, unless it has already ended.
    pub(crate) fn end(&self, ended: CheckEnd) {
        self.lock().ended.get_or_insert(ended);
        self.changed.send_replace(());
    }

    /// Registers the task, for cancelling.
    pub(crate) fn done_by(&self, task: AbortHandle) {
        self.lock().task = Some(task);
    }

    /// The checks from index `known` on, and the end if it has ended.
    pub(crate) fn since(&self, known: usize) -> (Vec<(Check, u64)>, Option<CheckEnd>) {
        let inner = self.lock();
        let new = inner.checks.iter().skip(known).cloned().collect();
        (new, inner.ended.clone())
    }

    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Registers a viewer, until the result is dropped.
    pub(crate) fn watch(self: &Arc<Self>) -> Watcher {
        self.lock().watchers += 1;
        Watcher(Arc::clone(self))
    }

    fn lock(&self) -> MutexGuard<'_, RunningState> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cancel_unless_watched(&self) {
        let task = {
            let mut inner = self.lock();
            if inner.watchers > 0 || inner.ended.is_some() {
                return;
            }
            inner.ended = Some(CheckEnd::Cancelled);
            inner.task.take()
        };
        if let Some(task) = task {
            task.abort();
        }
        self.changed.send_replace(());
    }
}

/// A page that shows the running check.
#[derive(Debug)]
pub(crate) struct Watcher(Arc<RunningCheck>);

impl Drop for Watcher {
    fn drop(&mut self) {
        self.0.lock().watchers -= 1;
        let running = Arc::clone(&self.0);
        // A reload reconnects at once; a closed tab does not.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                tokio::time::sleep(RELOAD_TIME).await;
                running.cancel_unless_watched();
            });
        }
    }
}

/// Grace period after the last viewer left.
const RELOAD_TIME: Duration = Duration::from_millis(800);

#[cfg(test)]
mod tests {
    use super::*;

    fn running() -> Arc<RunningCheck> {
        RunningCheck::new(CheckOrder {
            purpose: Purpose::Look,
            name: "work".into(),
            draft: Draft::default(),
            reach: Reach::Free,
            started_at: Timestamp::from_millis(0),
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_nobody_watches_any_more_is_cancelled() {
        let running = running();
        let work = tokio::spawn(std::future::pending::<()>());
        running.done_by(work.abort_handle());
        drop(running.watch());
        // A deadline, because a check that nobody cancels never ends.
        let ended = tokio::time::timeout(RELOAD_TIME * 4, work).await;
        assert!(ended.unwrap().unwrap_err().is_cancelled());
        assert!(matches!(running.since(0).1, Some(CheckEnd::Cancelled)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reload_does_not_cancel_it() {
        let running = running();
        let work = tokio::spawn(std::future::pending::<()>());
        running.done_by(work.abort_handle());
        let first = running.watch();
        drop(first);
        let _second = running.watch();
        tokio::time::sleep(RELOAD_TIME * 4).await;
        assert!(running.since(0).1.is_none());
        work.abort();
    }
}
