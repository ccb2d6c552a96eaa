//! A call in progress: its row is open until it is completed, even if the caller is dropped.
//!
//! The row is durable, and records the send, before the first byte is sent; its end is durable
//! before the answer is returned.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::call::{CallId, Caller, Operation};
use crate::error::{Code, Failure};
use crate::gate::Departure;
use crate::ledger::{Closing, Opening, Outcome, Reservation};
use crate::limits::{LimitDecision, LimitMode, Limits, UsageEstimate};
use crate::name::ConnectionName;
use crate::ports::{CallEvent, CallObservers, Clock, Ledger, Written};
use crate::receipt::Receipt;
use crate::time::Timestamp;

use super::Ports;

/// Completes its row as `cancelled` if dropped before [`OpenCall::finish`].
///
/// **Invariant:** a call leaves one row, opened and completed once, even if the caller is dropped
/// at any time.
pub(super) struct OpenCall {
    row: Arc<CallRow>,
    observers: CallObservers,
    clock: Arc<dyn Clock>,
    began: Duration,
    started_at: Timestamp,
    /// `None` once the row is completed.
    receipt: Option<Receipt>,
    warnings: Vec<Failure>,
}

/// The row of a call. Shared with the call's permit, which notifies it before sending.
pub(super) struct CallRow {
    ledger: Arc<dyn Ledger>,
    call_id: CallId,
    state: Mutex<RowState>,
    /// Bytes of the request body, once passed to the network.
    handed: AtomicU64,
    /// Whether it reached an open connection.
    departed: AtomicBool,
    /// A failed row write is the call's failure instead of a warning.
    decisive: AtomicBool,
}

/// The state of the row.
enum RowState {
    /// Held back, to be written together with the send record.
    Held(Box<Opening>),
    /// Being written.
    Begun(Written),
    /// Written, failed, or awaited elsewhere.
    Settled(Result<(), Failure>),
}

impl OpenCall {
    /// Starts a call. Its row is written on demand, at the latest before the send.
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
        ports.observers.observe(CallEvent::Began(&opening));
        Self {
            row: Arc::new(CallRow {
                ledger: Arc::clone(&ports.ledger),
                call_id: receipt.call_id,
                state: Mutex::new(RowState::Held(Box::new(opening))),
                handed: AtomicU64::new(NOT_YET),
                departed: AtomicBool::new(false),
                decisive: AtomicBool::new(false),
            }),
            observers: ports.observers.clone(),
            clock: Arc::clone(&ports.clock),
            began,
            started_at,
            receipt: Some(receipt),
            warnings: Vec::new(),
        }
    }

    /// The permit's recorder for this call.
    pub(super) fn departure(&self) -> Arc<dyn Departure> {
        Arc::clone(&self.row) as Arc<dyn Departure>
    }

    /// Records that a request of `bytes` was sent by other means.
    pub(super) fn sending(mut self, bytes: u64) -> Self {
        if let Some(receipt) = &mut self.receipt {
            let exchange = &mut receipt.exchange;
            exchange.attempts = 1;
            exchange.bytes_out = bytes;
            exchange.maybe_billed = true;
        }
        self
    }

    /// Starts writing the row during a slow step before the send.
    pub(super) fn open_early(&self) {
        self.row.begin();
    }

    /// Checks the call against its connection's limits and reserves its maximum.
    ///
    /// Blocking limits also block when they cannot be checked: otherwise a full disk would disable
    /// them.
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
        // Queued after the row without waiting: both are written in one transaction.
        let judged = self.row.ledger.reserve(reservation).await;
        let verdict = self.row.written().await.and(judged);
        match (verdict, limits.mode) {
            (Ok(LimitDecision::Granted(grant)), _) => {
                let warnings = grant.warnings.iter();
                self.warnings
                    .extend(warnings.map(|breach| breach.failure(connection)));
                Ok(())
            }
            (Ok(LimitDecision::Refused(breach)), _) => Err(breach.failure(connection)),
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

    /// Completes the row and returns the receipt and warnings, once the end is as durable as the
    /// start.
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
            error.map(|failure| failure.code()),
            reply,
        );
        self.row.begin();
        let completed = self.row.ledger.complete(closing).await;
        let mut warnings = std::mem::take(&mut self.warnings);
        // Covers the whole row: if the end is written, so is the start.
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
        let closing = Closing {
            ended_at: self.clock.now(),
            outcome,
            error_code,
            receipt: receipt.clone(),
            reply,
        };
        self.observers.observe(CallEvent::Ended(&closing));
        closing
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

impl CallRow {
    /// Starts writing it, once.
    fn begin(&self) {
        let mut state = self.lock();
        *state = match std::mem::replace(&mut *state, RowState::Settled(Ok(()))) {
            RowState::Held(opening) => RowState::Begun(self.ledger.open(*opening)),
            begun => begun,
        };
    }

    /// Waits until it is written.
    async fn written(&self) -> Result<(), Failure> {
        self.begin();
        let begun = std::mem::replace(&mut *self.lock(), RowState::Settled(Ok(())));
        let settled = match begun {
            RowState::Begun(written) => written.await,
            RowState::Settled(settled) => settled,
            RowState::Held(_) => Ok(()),
        };
        *self.lock() = RowState::Settled(settled.clone());
        settled
    }

    fn has_failed(&self) -> bool {
        matches!(*self.lock(), RowState::Settled(Err(_)))
    }

    fn lock(&self) -> MutexGuard<'_, RowState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Departure for CallRow {
    async fn departing(&self, bytes: u64) -> Result<(), Failure> {
        let held = match &mut *self.lock() {
            RowState::Held(opening) => {
                let exchange = &mut opening.receipt.exchange;
                exchange.attempts = 1;
                exchange.maybe_billed = true;
                exchange.bytes_out = bytes;
                true
            }
            RowState::Begun(_) | RowState::Settled(_) => false,
        };
        let mut written = self.written().await;
        if !held && written.is_ok() {
            written = self.ledger.sending(self.call_id, bytes).await;
        }
        // An unwritable ledger is reported as a warning at the end of the call, unless it is
        // required.
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

impl fmt::Debug for CallRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Row")
            .field("call_id", &self.call_id)
            .finish_non_exhaustive()
    }
}

/// Larger than any request.
const NOT_YET: u64 = u64::MAX;
