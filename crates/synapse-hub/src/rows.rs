//! The hub's ledger rows: one per call, read, get, start and refusal, without arguments and
//! results.

use std::sync::Arc;
use std::time::Duration;

use synapse_core::call::{CallId, Caller as RowCaller};
use synapse_core::error::{Code, Failure};
use synapse_core::ledger::{HubClosing, HubFacts, HubKind, HubOpening, Outcome};
use synapse_core::ports::{CallEvent, CallIds, CallObservers, Clock, HubLedger};
use synapse_core::redact::Redactor;
use synapse_core::telemetry::SpanContext;
use synapse_mcp::host::Caller;

use crate::ports::HubPorts;

/// Records rows.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    ledger: Arc<dyn HubLedger>,
    observers: CallObservers,
    clock: Arc<dyn Clock>,
    call_ids: Arc<dyn CallIds>,
}

/// An open row. Dropping it records a cancellation.
pub(crate) struct Row {
    rows: Rows,
    id: CallId,
    began: Duration,
    pub(crate) facts: HubFacts,
    attempts: u8,
    bytes_out: u64,
    is_open: bool,
}

impl Rows {
    pub(crate) fn of(ports: &HubPorts) -> Self {
        Self {
            ledger: Arc::clone(&ports.ledger),
            observers: ports.observers.clone(),
            clock: Arc::clone(&ports.clock),
            call_ids: Arc::clone(&ports.call_ids),
        }
    }

    /// Opens a row; it is durable before anything is sent, see [`Row::departing`].
    pub(crate) fn begin(
        &self,
        kind: HubKind,
        name: Option<&str>,
        caller: Option<&Caller>,
        facts: HubFacts,
    ) -> Row {
        let id = self.call_ids.next();
        let opening = HubOpening {
            call_id: id,
            started_at: self.clock.now(),
            kind,
            caller: row_caller(caller, name),
            facts: facts.clone(),
        };
        self.observers.observe(CallEvent::UpstreamBegan(&opening));
        let written = self.ledger.begin(opening);
        // Written in order; later steps wait.
        drop(written);
        Row {
            rows: self.clone(),
            id,
            began: self.clock.monotonic(),
            facts,
            attempts: 0,
            bytes_out: 0,
            is_open: true,
        }
    }

    /// Records a call refused before sending.
    pub(crate) fn refused(&self, server: &str, name: &str, caller: &Caller, failure: &Failure) {
        let row = self.begin(
            HubKind::Call,
            Some(name),
            Some(caller),
            HubFacts::of(server),
        );
        drop(row.written(Outcome::Refused, Some(failure.code()), 0, None));
    }
}

impl Row {
    /// Records that a request is about to be sent, and waits until that is durable.
    pub(crate) async fn departing(&mut self, bytes: u64) {
        self.attempts = 1;
        self.bytes_out = bytes;
        if let Err(failure) = self.rows.ledger.departing(self.id, bytes).await {
            tracing::warn!(code = %failure.code(), "a row of the hub could not be written");
        }
    }

    /// Completes the row, and waits for it.
    pub(crate) async fn end(self, failure: Option<&Failure>, bytes_in: u64) {
        let outcome = match (failure, self.attempts) {
            (None, _) => Outcome::Ok,
            (Some(_), 0) => Outcome::Refused,
            (Some(_), _) => Outcome::Error,
        };
        self.end_as(outcome, failure, bytes_in).await;
    }

    /// Completes the row of a request that the upstream answered with an error: a failure without
    /// one of our codes.
    pub(crate) async fn end_with_their_error(self, bytes_in: u64) {
        self.end_as(Outcome::Error, None, bytes_in).await;
    }

    async fn end_as(self, outcome: Outcome, failure: Option<&Failure>, bytes_in: u64) {
        let code = failure.map(|failure| failure.code());
        let status = failure.and_then(Failure::status);
        if let Err(failure) = self.written(outcome, code, bytes_in, status).await {
            tracing::warn!(code = %failure.code(), "a row of the hub could not be written");
        }
    }

    fn written(
        mut self,
        outcome: Outcome,
        error_code: Option<Code>,
        bytes_in: u64,
        http_status: Option<u16>,
    ) -> synapse_core::ports::Written {
        self.is_open = false;
        self.close(outcome, error_code, bytes_in, http_status)
    }

    fn close(
        &self,
        outcome: Outcome,
        error_code: Option<Code>,
        bytes_in: u64,
        http_status: Option<u16>,
    ) -> synapse_core::ports::Written {
        let took = self.rows.clock.monotonic().saturating_sub(self.began);
        let closing = HubClosing {
            call_id: self.id,
            ended_at: self.rows.clock.now(),
            outcome,
            error_code,
            attempts: self.attempts,
            http_status,
            bytes_out: self.bytes_out,
            bytes_in,
            latency_ms: u64::try_from(took.as_millis()).ok(),
            facts: self.facts.clone(),
        };
        let observers = &self.rows.observers;
        observers.observe(CallEvent::UpstreamEnded(&closing));
        self.rows.ledger.end(closing)
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        if self.is_open {
            self.facts.may_have_run = self.attempts > 0;
            drop(self.close(Outcome::Cancelled, None, 0, None));
        }
    }
}

/// The caller of a row, with the tool it called.
pub(crate) fn row_caller(caller: Option<&Caller>, tool: Option<&str>) -> RowCaller {
    let span = caller.and_then(Caller::span);
    RowCaller {
        client_name: caller.and_then(Caller::client_name).map(in_short),
        client_version: caller.and_then(Caller::client_version).map(in_short),
        tool: tool.map(str::to_owned),
        span: span.map(|span| SpanContext::new(span.trace_id(), span.span_id())),
    }
}

/// A foreign text for a row: truncated, on one line, without tokens.
pub(crate) fn in_short(text: &str) -> String {
    let begin: String = text.chars().take(2 * MAX_SHOWN).collect();
    Redactor::none().clean(&begin, MAX_SHOWN)
}

const MAX_SHOWN: usize = 200;
