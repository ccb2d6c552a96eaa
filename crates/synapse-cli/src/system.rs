//! The services of the operating system: time, randomness, and stop signals.

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

/// The id of the newest call of this process, used to find an interrupted call.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewestCall(Arc<Mutex<Option<CallId>>>);

impl NewestCall {
    /// The id, if any call began.
    pub(crate) fn id(&self) -> Option<CallId> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// [`RandomCallIds`] that keeps the newest.
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

/// Waits until the user or the system requests a stop (Ctrl-C, SIGTERM).
///
/// # Errors
/// When signals cannot be observed.
pub(crate) async fn asked_to_stop() -> io::Result<()> {
    StopSignal::listen()?.asked().await
}

/// The signals that request a stop. From [`StopSignal::listen`] on they do not end the process.
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
    /// When signals cannot be observed.
    pub(crate) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for a signal, including one received since `listen`.
    ///
    /// # Errors
    /// None on this platform; others may fail to observe signals.
    pub(crate) async fn asked(mut self) -> io::Result<()> {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        Ok(())
    }
}

/// The signals that request a stop.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) struct StopSignal;

#[cfg(not(unix))]
impl StopSignal {
    /// Does nothing; listening begins in [`StopSignal::asked`].
    ///
    /// # Errors
    /// None on this platform; others may fail to observe signals.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits for Ctrl-C.
    ///
    /// # Errors
    /// When signals cannot be observed.
    pub(crate) async fn asked(self) -> io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}
