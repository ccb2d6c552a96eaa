//! A call under way: its row is open until it is closed, also when the caller walks away.

use std::sync::Arc;
use std::time::Duration;

use crate::call::{Caller, Operation};
use crate::error::{Code, Failure};
use crate::ledger::{Closing, Opening, Outcome, Reservation};
use crate::limits::{Demand, LimitMode, Limits, Verdict};
use crate::ports::{Clock, Ledger, Written};
use crate::receipt::Receipt;
use crate::time::Timestamp;

use super::Ports;

/// Closes its row as `cancelled` when it is dropped before [`OpenCall::finish`].
///
/// **Invariant:** a row that is opened is closed once, whenever the caller walks away.
pub(super) struct OpenCall {
    ledger: Arc<dyn Ledger>,
    row: Row,
    clock: Arc<dyn Clock>,
    began: Duration,
    started_at: Timestamp,
    /// `None` once the row is closed.
    receipt: Option<Receipt>,
    /// The request was handed to the network, so that giving up may still cost money.
    sent: bool,
    warnings: Vec<Failure>,
}

/// What became of the row.
enum Row {
    Begun(Written),
    Written,
    /// There is nothing to close, and the ledger would only tell the same trouble again.
    Failed,
}

impl OpenCall {
    /// Begins to write the row. It is waited for where something depends on it, and before the
    /// send at the latest.
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
            row: Row::Begun(ports.ledger.open(opening)),
            ledger: Arc::clone(&ports.ledger),
            clock: Arc::clone(&ports.clock),
            began,
            started_at,
            receipt: Some(receipt),
            sent: false,
            warnings: Vec::new(),
        }
    }

    /// Waits for the row. A ledger that cannot be written is a warning: the user's call goes on.
    async fn written(&mut self) {
        let Row::Begun(written) = &mut self.row else {
            return;
        };
        self.row = match written.await {
            Ok(()) => Row::Written,
            Err(failure) => {
                self.warnings.push(failure);
                Row::Failed
            }
        };
    }

    /// Holds the call against the limits of its connection and sets aside what it may take.
    ///
    /// Limits that block also block when they cannot be checked: a limit that a full disk lifts
    /// is none.
    pub(super) async fn reserve(&mut self, limits: &Limits, demand: Demand) -> Result<(), Failure> {
        self.written().await;
        let Some(receipt) = &self.receipt else {
            return Ok(());
        };
        let connection = receipt.connection.clone();
        let trouble = match self.row {
            // It was a warning when the row could not be written; here it decides.
            Row::Failed => self.warnings.pop(),
            Row::Begun(_) | Row::Written => None,
        };
        let verdict = match trouble {
            Some(failure) => Err(failure),
            None => {
                let reservation = Reservation {
                    call_id: receipt.call_id,
                    connection: connection.clone(),
                    at: self.started_at,
                    limits: limits.clone(),
                    demand,
                };
                self.ledger.reserve(reservation).await
            }
        };
        match (verdict, limits.mode) {
            (Ok(Verdict::Granted(grant)), _) => {
                let warnings = grant.warnings.iter();
                self.warnings
                    .extend(warnings.map(|breach| breach.failure(&connection)));
                Ok(())
            }
            (Ok(Verdict::Refused(breach)), _) => Err(breach.failure(&connection)),
            (Err(failure), LimitMode::Block) => Err(failure.cause(format!(
                "the limits of `{connection}` cannot be checked, so nothing was sent"
            ))),
            (Err(failure), LimitMode::Warn) => {
                self.warnings.push(failure);
                Ok(())
            }
        }
    }

    /// Waits for the row, and notes that the next await hands the request to the network.
    pub(super) async fn sending(&mut self) {
        self.written().await;
        self.sent = true;
    }

    /// Closes the row and gives the receipt and the warnings back.
    pub(super) async fn finish(
        mut self,
        error: Option<&Failure>,
        reply: Option<String>,
        complete: impl FnOnce(&mut Receipt),
    ) -> Result<(Receipt, Vec<Failure>), Failure> {
        self.written().await;
        let Some(mut receipt) = self.receipt.take() else {
            return Err(Failure::new(
                Code::InternalInvariant,
                "a call was closed twice",
            ));
        };
        complete(&mut receipt);
        let outcome = match error {
            None => Outcome::Ok,
            Some(_) if receipt.exchange.attempts == 0 && !self.sent => Outcome::Refused,
            Some(_) => Outcome::Error,
        };
        self.close(
            &mut receipt,
            outcome,
            error.map(|failure| failure.code),
            reply,
        );
        Ok((receipt, std::mem::take(&mut self.warnings)))
    }

    fn close(
        &self,
        receipt: &mut Receipt,
        outcome: Outcome,
        error_code: Option<Code>,
        reply: Option<String>,
    ) {
        let elapsed = self.clock.monotonic().saturating_sub(self.began);
        receipt.latency_ms = u64::try_from(elapsed.as_millis()).ok();
        if matches!(self.row, Row::Failed) {
            return;
        }
        self.ledger.close(Closing {
            ended_at: self.clock.now(),
            outcome,
            error_code,
            receipt: receipt.clone(),
            reply,
        });
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        let Some(mut receipt) = self.receipt.take() else {
            return;
        };
        if self.sent {
            receipt.exchange.attempts = 1;
            receipt.exchange.maybe_billed = true;
        }
        self.close(&mut receipt, Outcome::Cancelled, None, None);
    }
}
