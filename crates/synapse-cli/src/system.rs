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
pub(crate) async fn asked_to_stop() -> io::Result<()> {
    StopSignal::listen()?.asked().await
}

/// The signals that ask a process to stop. From [`StopSignal::listen`] on they do not end it.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct StopSignal {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl StopSignal {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub(crate) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for one of them, also for one that came since.
    ///
    /// # Errors
    /// None; elsewhere the system may not tell.
    pub(crate) async fn asked(mut self) -> io::Result<()> {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        Ok(())
    }
}

/// The signals that ask a process to stop.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) struct StopSignal;

#[cfg(not(unix))]
impl StopSignal {
    /// Begins to listen when it is waited for.
    ///
    /// # Errors
    /// None; elsewhere the system may not tell.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits for Ctrl-C.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub(crate) async fn asked(self) -> io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}
