//! A clock that only tests advance, and sequential call ids.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use synapse_core::call::CallId;
use synapse_core::ports::{CallIds, Clock};
use synapse_core::time::Timestamp;
use uuid::Uuid;

/// A [`Clock`] that only the test advances.
#[derive(Debug)]
pub struct FixedClock {
    begin: Timestamp,
    passed_millis: AtomicI64,
}

impl FixedClock {
    /// Starts at `begin`.
    #[must_use]
    pub const fn at(begin: Timestamp) -> Self {
        Self {
            begin,
            passed_millis: AtomicI64::new(0),
        }
    }

    /// Advances wall clock and monotonic time, in whole milliseconds.
    pub fn advance(&self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        self.passed_millis.fetch_add(millis, Ordering::SeqCst);
    }

    fn passed(&self) -> i64 {
        self.passed_millis.load(Ordering::SeqCst)
    }
}

impl Default for FixedClock {
    /// Noon of 2026-11-20, UTC.
    fn default() -> Self {
        Self::at(Timestamp::from_millis(1_795_176_000_000))
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.begin.as_millis() + self.passed())
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.passed()).unwrap_or_default())
    }
}

/// [`CallIds`] that count from 1: `00000000-0000-7000-8000-000000000001` and so on.
#[derive(Debug, Default)]
pub struct SequentialCallIds {
    last: AtomicU64,
}

impl SequentialCallIds {
    /// Starts at 1.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The id with that number.
    #[must_use]
    pub const fn id(number: u64) -> CallId {
        CallId::new(Uuid::from_u64_pair(
            0x0000_0000_0000_7000,
            0x8000_0000_0000_0000 | number,
        ))
    }
}

impl CallIds for SequentialCallIds {
    fn next(&self) -> CallId {
        Self::id(self.last.fetch_add(1, Ordering::SeqCst) + 1)
    }
}
