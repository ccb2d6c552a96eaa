//! A call under way: its row is open until it is closed, also when the caller walks away.
//!
//! The row is durable, and says that a request left, before the first byte of it does; its end is
//! durable before the answer is handed out.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::call::{CallId, Caller, Operation};
use crate::error::{Code, Failure};
use crate::gate::Departure;
use crate::ledger::{Closing, Opening, Outcome, Reservation};
use crate::limits::{LimitMode, Limits, UsageEstimate, Verdict};
use crate::name::ConnectionName;
use crate::ports::{Clock, Ledger, Written};
use crate::receipt::Receipt;
use crate::time::Timestamp;

use super::Ports;

/// Closes its row as `cancelled` when it is dropped before [`OpenCall::finish`].
///
/// **Invariant:** a call leaves one row, opened and closed once, whenever the caller walks away.
pub(super) struct OpenCall {
    row: Arc<Row>,
    clock: Arc<dyn Clock>,
    began: Duration,
    started_at: Timestamp,
    /// `None` once the row is closed.
    receipt: Option<Receipt>,
    warnings: Vec<Failure>,
}

/// The row of a call. The permit of the call shares it, so that whoever sends tells it first.
pub(super) struct Row {
    ledger: Arc<dyn Ledger>,
    call_id: CallId,
    state: Mutex<State>,
    /// Bytes of the request body, once the request was handed to the network.
    handed: AtomicU64,
    /// Whether it reached an open connection.
    departed: AtomicBool,
    /// The failure to write the row is the failure of the call, and no warning beside it.
    decisive: AtomicBool,
}

/// How far the row is.
enum State {
    /// It waits for what the send makes of it, to be written in one go.
    Held(Box<Opening>),
    /// It is being written.
    Begun(Written),
    /// It is written, is not, or somebody else waits for it.
    Settled(Result<(), Failure>),
}

impl OpenCall {
    /// Begins a call. Its row is written when something depends on it, and before the send at the
    /// latest.
    pub(super) fn begin(
        ports: &Ports,
        operation: Operation,
        caller: Caller,
        receipt: Receipt,
        prompt: Option<String>,
    ) -> Self {
        let began = ports.clock.monotonic();
        let started_at = ports.clock.now();
        let opening = Opening {
            started_at,
            operation,
            caller,
            receipt: receipt.clone(),
            prompt,
        };
        Self {
            row: Arc::new(Row {
                ledger: Arc::clone(&ports.ledger),
                call_id: receipt.call_id,
                state: Mutex::new(State::Held(Box::new(opening))),
                handed: AtomicU64::new(NOT_YET),
                departed: AtomicBool::new(false),
                decisive: AtomicBool::new(false),
            }),
            clock: Arc::clone(&ports.clock),
            began,
            started_at,
            receipt: Some(receipt),
            warnings: Vec::new(),
        }
    }

    /// What the permit of this call tells of its request.
    pub(super) fn departure(&self) -> Arc<dyn Departure> {
        Arc::clone(&self.row) as Arc<dyn Departure>
    }

    /// The same call once its request of `bytes` left, for what sends it elsewhere.
    pub(super) fn sending(mut self, bytes: u64) -> Self {
        if let Some(receipt) = &mut self.receipt {
            let exchange = &mut receipt.exchange;
            exchange.attempts = 1;
            exchange.bytes_out = bytes;
            exchange.maybe_billed = true;
        }
        self
    }

    /// Begins to write the row while something slow goes on before the send.
    pub(super) fn open_early(&self) {
        self.row.begin();
    }

    /// Holds the call against the limits of its connection and sets aside what it may take.
    ///
    /// Limits that block also block when they cannot be checked: otherwise a full disk would
    /// disable the limit.
    pub(super) async fn reserve(
        &mut self,
        connection: &ConnectionName,
        limits: &Limits,
        demand: UsageEstimate,
    ) -> Result<(), Failure> {
        let Some(receipt) = &self.receipt else {
            return Ok(());
        };
        let reservation = Reservation {
            call_id: receipt.call_id,
            connection: connection.to_string(),
            at: self.started_at,
            limits: limits.clone(),
            demand,
        };
        self.row.begin();
        // Handed in behind the row without waiting for it: both are written in one transaction.
        let judged = self.row.ledger.reserve(reservation).await;
        let verdict = self.row.written().await.and(judged);
        match (verdict, limits.mode) {
            (Ok(Verdict::Granted(grant)), _) => {
                let warnings = grant.warnings.iter();
                self.warnings
                    .extend(warnings.map(|breach| breach.failure(connection)));
                Ok(())
            }
            (Ok(Verdict::Refused(breach)), _) => Err(breach.failure(connection)),
            (Err(failure), LimitMode::Block) => {
                self.row.decisive.store(true, Ordering::Release);
                Err(failure.cause(format!(
                    "the limits of `{connection}` cannot be checked, so nothing was sent"
                )))
            }
            (Err(failure), LimitMode::Warn) => {
                if !self.row.has_failed() {
                    self.warnings.push(failure);
                }
                Ok(())
            }
        }
    }

    /// Closes the row and gives the receipt and the warnings back, when the end of the call is as
    /// durable as its beginning.
    pub(super) async fn finish(
        mut self,
        error: Option<&Failure>,
        reply: Option<String>,
        complete: impl FnOnce(&mut Receipt),
    ) -> Result<(Receipt, Vec<Failure>), Failure> {
        let Some(mut receipt) = self.receipt.take() else {
            return Err(Failure::new(
                Code::InternalInvariant,
                "a call was closed twice",
            ));
        };
        complete(&mut receipt);
        let outcome = match error {
            None => Outcome::Ok,
            Some(_) if receipt.exchange.attempts == 0 => Outcome::Refused,
            Some(_) => Outcome::Error,
        };
        let closing = self.closing(
            &mut receipt,
            outcome,
            error.map(|failure| failure.code),
            reply,
        );
        self.row.begin();
        let completed = self.row.ledger.complete(closing).await;
        let mut warnings = std::mem::take(&mut self.warnings);
        // It speaks for the whole row: when the end is written, so is the beginning by now.
        if let Err(failure) = completed
            && !self.row.decisive.load(Ordering::Acquire)
        {
            warnings.push(failure);
        }
        Ok((receipt, warnings))
    }

    fn closing(
        &self,
        receipt: &mut Receipt,
        outcome: Outcome,
        error_code: Option<Code>,
        reply: Option<String>,
    ) -> Closing {
        let elapsed = self.clock.monotonic().saturating_sub(self.began);
        receipt.latency_ms = u64::try_from(elapsed.as_millis()).ok();
        Closing {
            ended_at: self.clock.now(),
            outcome,
            error_code,
            receipt: receipt.clone(),
            reply,
        }
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        let Some(mut receipt) = self.receipt.take() else {
            return;
        };
        let handed = self.row.handed.load(Ordering::Acquire);
        let departed = self.row.departed.load(Ordering::Acquire);
        let exchange = &mut receipt.exchange;
        exchange.attempts = u8::from(handed != NOT_YET);
        exchange.bytes_out = if departed { handed } else { 0 };
        exchange.maybe_billed = departed;
        let closing = self.closing(&mut receipt, Outcome::Cancelled, None, None);
        self.row.begin();
        self.row.ledger.close(closing);
    }
}

impl Row {
    /// Begins to write it, unless that was done.
    fn begin(&self) {
        let mut state = self.lock();
        if let State::Held(opening) = &*state {
            let written = self.ledger.open(Opening::clone(opening));
            *state = State::Begun(written);
        }
    }

    /// Waits until it is written.
    async fn written(&self) -> Result<(), Failure> {
        self.begin();
        let begun = std::mem::replace(&mut *self.lock(), State::Settled(Ok(())));
        let settled = match begun {
            State::Begun(written) => written.await,
            State::Settled(settled) => settled,
            State::Held(_) => Ok(()),
        };
        *self.lock() = State::Settled(settled.clone());
        settled
    }

    fn has_failed(&self) -> bool {
        matches!(*self.lock(), State::Settled(Err(_)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Departure for Row {
    async fn departing(&self, bytes: u64) -> Result<(), Failure> {
        let held = match &mut *self.lock() {
            State::Held(opening) => {
                let exchange = &mut opening.receipt.exchange;
                exchange.attempts = 1;
                exchange.maybe_billed = true;
                exchange.bytes_out = bytes;
                true
            }
            State::Begun(_) | State::Settled(_) => false,
        };
        let mut written = self.written().await;
        if !held && written.is_ok() {
            written = self.ledger.sending(self.call_id, bytes).await;
        }
        // A ledger that cannot be written is a warning when the call ends, unless it is required.
        if let Err(failure) = written
            && self.ledger.is_required().await
        {
            self.decisive.store(true, Ordering::Release);
            return Err(
                failure.cause("`required = true` in [ledger]: without a row nothing was sent")
            );
        }
        self.handed.store(bytes, Ordering::Release);
        Ok(())
    }

    fn departed(&self) {
        self.departed.store(true, Ordering::Release);
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Row")
            .field("call_id", &self.call_id)
            .finish_non_exhaustive()
    }
}

/// No request has as many bytes.
const NOT_YET: u64 = u64::MAX;
