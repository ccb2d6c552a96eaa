//! A running request and its timeouts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until};

use super::calls::Calls;
use super::wire::Answer;
use super::{CallError, MayHaveRun, Outgoing};

/// A running request. Dropping it deregisters it and cancels its server requests.
pub struct RunningRequest {
    calls: Arc<Calls>,
    id: u64,
    renewed: Arc<Notify>,
    answer: oneshot::Receiver<Result<Answer, CallError>>,
    began: Instant,
    patience: Duration,
    longest: Duration,
    flaws: (u64, u64),
}

impl RunningRequest {
    /// Registers a request among `calls`.
    ///
    /// # Errors
    /// Why the conversation has ended.
    pub fn begin(calls: &Arc<Calls>, outgoing: &Outgoing) -> Result<Self, CallError> {
        let (sender, answer) = oneshot::channel();
        let renewed = Arc::new(Notify::new());
        let id = calls.register(outgoing, sender, &renewed)?;
        Ok(Self {
            calls: Arc::clone(calls),
            id,
            renewed,
            answer,
            began: Instant::now(),
            patience: outgoing.patience,
            longest: outgoing.longest,
            flaws: calls.flaws(),
        })
    }

    /// The request's id at the server, also its progress token.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// Waits for the answer from [`Calls::settle`], within the timeouts.
    ///
    /// # Errors
    /// Why none came.
    pub async fn answer(&mut self) -> Result<Answer, CallError> {
        let Self {
            calls,
            renewed,
            answer,
            began,
            patience,
            longest,
            flaws,
            ..
        } = self;
        let time = Time {
            began: *began,
            patience: *patience,
            longest: *longest,
        };
        tokio::select! {
            biased;
            answer = answer => answer.unwrap_or(Err(CallError::Ended { may_have_run: MayHaveRun::Yes })),
            waited = time.passes(renewed) => Err(late(calls, *flaws, waited)),
        }
    }

    /// Resolves at the timeout, with the corresponding error.
    pub async fn impatience(&self) -> CallError {
        let time = Time {
            began: self.began,
            patience: self.patience,
            longest: self.longest,
        };
        let waited = time.passes(&self.renewed).await;
        late(&self.calls, self.flaws, waited)
    }
}

impl Drop for RunningRequest {
    fn drop(&mut self) {
        let _was_sent = self.calls.give_up(self.id);
    }
}

/// A timeout may be caused by a server's violations, which are counted.
fn late(calls: &Calls, (garbage, strays): (u64, u64), waited: Duration) -> CallError {
    let (garbage_now, strays_now) = calls.flaws();
    if strays_now > strays {
        return CallError::Protocol {
            what: "it answered under an id that it was not asked with",
        };
    }
    if garbage_now > garbage {
        return CallError::Protocol {
            what: "it wrote invalid messages, and no answer",
        };
    }
    CallError::Timeout { waited }
}

#[derive(Debug, Clone, Copy)]
struct Time {
    began: Instant,
    patience: Duration,
    longest: Duration,
}

impl Time {
    async fn passes(self, renewed: &Notify) -> Duration {
        let end = self.began + self.longest;
        let mut until = end.min(self.began + self.patience);
        loop {
            tokio::select! {
                () = sleep_until(until) => return self.began.elapsed(),
                () = renewed.notified() => until = end.min(Instant::now() + self.patience),
            }
        }
    }
}

impl fmt::Debug for RunningRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RunningRequest")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
