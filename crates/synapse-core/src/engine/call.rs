//! A call under way: its row is open until it is closed, also when the caller walks away.

use std::sync::Arc;
use std::time::Duration;

use crate::call::{Caller, Operation};
use crate::error::{Code, Failure};
use crate::ledger::{Closing, Opening, Outcome, Reservation};
use crate::limits::{Demand, LimitMode, Limits, Verdict};
use crate::ports::{Clock, Ledger};
use crate::receipt::Receipt;
use crate::time::Timestamp;

use super::Ports;

/// Closes its row as `cancelled` when it is dropped before [`OpenCall::finish`].
///
/// **Invariant:** between a row's opening and the drop of this guard, the row is closed once.
pub(super) struct OpenCall {
    /// `None` when the row could not be written: there is nothing to close then, and the ledger
    /// would only tell the same trouble again.
    ledger: Option<Arc<dyn Ledger>>,
    clock: Arc<dyn Clock>,
    began: Duration,
    started_at: Timestamp,
    /// `None` once the row is closed.
    receipt: Option<Receipt>,
    /// The request was handed to the network, so that giving up may still cost money.
    sent: bool,
    warnings: Vec<Failure>,
}

impl OpenCall {
    /// Writes the row. A ledger that cannot be written is a warning: the user's call goes on.
    pub(super) async fn begin(
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
        let (ledger, warnings) = match ports.ledger.open(opening).await {
            Ok(()) => (Some(Arc::clone(&ports.ledger)), Vec::new()),
            Err(failure) => (None, vec![failure]),
        };
        Self {
            ledger,
            clock: Arc::clone(&ports.clock),
            began,
            started_at,
            receipt: Some(receipt),
            sent: false,
            warnings,
        }
    }

    /// Holds the call against the limits of its connection and sets aside what it may take.
    ///
    /// Limits that block also block when they cannot be checked: a limit that a full disk lifts
    /// is none.
    pub(super) async fn reserve(&mut self, limits: &Limits, demand: Demand) -> Result<(), Failure> {
        let Some(receipt) = &self.receipt else {
            return Ok(());
        };
        let connection = receipt.connection.clone();
        let verdict = match &self.ledger {
            Some(ledger) => {
                let reservation = Reservation {
                    call_id: receipt.call_id,
                    connection: connection.clone(),
                    at: self.started_at,
                    limits: limits.clone(),
                    demand,
                };
                ledger.reserve(reservation).await
            }
            // The trouble was told when the row could not be written; here it decides.
            None => match self.warnings.pop() {
                Some(failure) => Err(failure),
                None => return Ok(()),
            },
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

    /// Notes that the next await hands the request to the network.
    pub(super) const fn sending(&mut self) {
        self.sent = true;
    }

    /// Closes the row and gives the receipt and the warnings back.
    pub(super) fn finish(
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
        if let Some(ledger) = &self.ledger {
            ledger.close(Closing {
                ended_at: self.clock.now(),
                outcome,
                error_code,
                receipt: receipt.clone(),
                reply,
            });
        }
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
