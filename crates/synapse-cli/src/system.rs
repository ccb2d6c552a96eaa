//! What the machine itself provides: time, randomness, and the wish to stop.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use synapse_core::call::CallId;
use synapse_core::ports::{CallIds, Clock};
use synapse_core::time::Timestamp;

/// The clocks of this machine.
#[derive(Debug)]
pub(crate) struct SystemClock {
    start: Instant,
}

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        };
        Timestamp::from_millis(since_epoch)
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// Version 7 UUIDs of time and the operating system's randomness.
#[derive(Debug)]
pub(crate) struct RandomCallIds;

impl CallIds for RandomCallIds {
    fn next(&self) -> CallId {
        CallId::new(uuid::Uuid::now_v7())
    }
}

/// The id of the newest call of this process, which a call that is given up has to be found by.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewestCall(Arc<Mutex<Option<CallId>>>);

impl NewestCall {
    /// The id, when any call was begun.
    pub(crate) fn id(&self) -> Option<CallId> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// [`RandomCallIds`], of which the newest is kept.
#[derive(Debug)]
pub(crate) struct KeptCallIds(NewestCall);

impl KeptCallIds {
    pub(crate) const fn new(newest: NewestCall) -> Self {
        Self(newest)
    }
}

impl CallIds for KeptCallIds {
    fn next(&self) -> CallId {
        let id = RandomCallIds.next();
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(id);
        id
    }
}

/// Waits until the user or the system asks the process to stop (Ctrl-C, SIGTERM).
///
/// # Errors
/// When the system cannot tell.
#[cfg(unix)]
pub(crate) async fn asked_to_stop() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Waits until the user asks the process to stop (Ctrl-C).
///
/// # Errors
/// When the system cannot tell.
#[cfg(not(unix))]
pub(crate) async fn asked_to_stop() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
