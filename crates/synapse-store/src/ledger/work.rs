//! Changes of one call's row, applied in order, and the values that each writes.

use std::borrow::Cow;

use synapse_core::call::{CallId, Caller};
use synapse_core::chat::Usage;
use synapse_core::ledger::{Closing, HubClosing, HubFacts, HubOpening, Opening, Outcome};
use synapse_core::money::Cost;
use synapse_core::receipt::Exchange;
use synapse_core::time::Timestamp;
use synapse_core::{Code, Receipt};
use uuid::Uuid;

/// One change of a row.
#[derive(Debug)]
pub(super) enum Work {
    /// The call starts.
    Open(Box<Opening>),
    /// Its request is about to be sent, with its body length.
    Sending(CallId, u64),
    /// It ends.
    Close(Box<Closing>),
    /// A hub event starts.
    Begin(Box<HubOpening>),
    /// Its request is about to be sent, with its body length.
    Departing(CallId, u64),
    /// It ends.
    End(Box<HubClosing>),
}

/// The kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WorkKind {
    Open,
    Sending,
    Close,
    Begin,
    Departing,
    End,
}

/// The facts of a row that a change knows. Each column takes its value from here; those that the
/// change does not write are not asked.
#[derive(Debug)]
pub(super) struct RowValues<'a> {
    pub(super) writer: Uuid,
    pub(super) call_id: CallId,
    /// The time of the change.
    pub(super) at: Timestamp,
    pub(super) operation: &'static str,
    pub(super) outcome: Outcome,
    pub(super) error_code: Option<Code>,
    pub(super) caller: Option<&'a Caller>,
    pub(super) receipt: Cow<'a, Receipt>,
    pub(super) facts: Cow<'a, HubFacts>,
}

impl Work {
    pub(super) fn call_id(&self) -> CallId {
        match self {
            Self::Open(opening) => opening.receipt.call_id,
            Self::Sending(call_id, _) | Self::Departing(call_id, _) => *call_id,
            Self::Begin(opening) => opening.call_id,
            Self::End(closing) => closing.call_id,
            Self::Close(closing) => closing.receipt.call_id,
        }
    }

    /// When its call started, if it is the start.
    pub(super) fn started_at(&self) -> Option<Timestamp> {
        match self {
            Self::Open(opening) => Some(opening.started_at),
            Self::Begin(opening) => Some(opening.started_at),
            Self::Sending(..) | Self::Close(_) | Self::Departing(..) | Self::End(_) => None,
        }
    }

    /// The recorded prompt of a start, or the answer of an end.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Open(opening) => opening.prompt.as_deref(),
            Self::Close(closing) => closing.reply.as_deref(),
            Self::Sending(..) | Self::Begin(_) | Self::Departing(..) | Self::End(_) => None,
        }
    }

    pub(super) const fn kind(&self) -> WorkKind {
        match self {
            Self::Open(_) => WorkKind::Open,
            Self::Sending(..) => WorkKind::Sending,
            Self::Close(_) => WorkKind::Close,
            Self::Begin(_) => WorkKind::Begin,
            Self::Departing(..) => WorkKind::Departing,
            Self::End(_) => WorkKind::End,
        }
    }

    /// The values that it writes for the process `writer`.
    pub(super) fn values(&self, writer: Uuid) -> RowValues<'_> {
        let call_id = self.call_id();
        let values = RowValues {
            writer,
            call_id,
            at: Timestamp::from_millis(0),
            operation: "",
            outcome: Outcome::Open,
            error_code: None,
            caller: None,
            receipt: Cow::Owned(empty_receipt(call_id)),
            facts: Cow::Owned(HubFacts::default()),
        };
        match self {
            Self::Open(opening) => RowValues {
                at: opening.started_at,
                operation: opening.operation.as_str(),
                caller: Some(&opening.caller),
                receipt: Cow::Borrowed(&opening.receipt),
                ..values
            },
            Self::Sending(_, bytes_out) => values.exchanged(Exchange {
                attempts: 1,
                maybe_billed: true,
                bytes_out: *bytes_out,
                ..Exchange::default()
            }),
            Self::Close(closing) => RowValues {
                at: closing.ended_at,
                outcome: closing.outcome,
                error_code: closing.error_code,
                receipt: Cow::Borrowed(&closing.receipt),
                ..values
            },
            Self::Begin(opening) => RowValues {
                at: opening.started_at,
                operation: opening.kind.as_str(),
                caller: Some(&opening.caller),
                facts: Cow::Borrowed(&opening.facts),
                ..values
            },
            Self::Departing(_, bytes_out) => RowValues {
                facts: Cow::Owned(HubFacts {
                    may_have_run: true,
                    ..HubFacts::default()
                }),
                ..values.exchanged(Exchange {
                    attempts: 1,
                    bytes_out: *bytes_out,
                    ..Exchange::default()
                })
            },
            Self::End(closing) => RowValues {
                at: closing.ended_at,
                outcome: closing.outcome,
                error_code: closing.error_code,
                receipt: Cow::Owned(Receipt {
                    latency_ms: closing.latency_ms,
                    exchange: Exchange {
                        attempts: closing.attempts.min(1),
                        http_status: closing.http_status,
                        bytes_out: closing.bytes_out,
                        bytes_in: closing.bytes_in,
                        ..Exchange::default()
                    },
                    ..empty_receipt(call_id)
                }),
                facts: Cow::Borrowed(&closing.facts),
                ..values
            },
        }
    }
}

impl RowValues<'_> {
    fn exchanged(self, exchange: Exchange) -> Self {
        Self {
            receipt: Cow::Owned(Receipt {
                exchange,
                ..empty_receipt(self.call_id)
            }),
            ..self
        }
    }
}

/// The receipt of a row without connection, provider, model and cost, as those of the hub are.
pub(super) fn empty_receipt(call_id: CallId) -> Receipt {
    Receipt {
        call_id,
        connection: String::new(),
        provider: String::new(),
        model_requested: String::new(),
        model_served: None,
        exchange: Exchange::default(),
        finish_reason: None,
        usage: Usage::default(),
        cost: Cost::default(),
        latency_ms: None,
    }
}
