//! Changes of one call's row, applied in order.

use synapse_core::call::CallId;
use synapse_core::ledger::{Closing, HubClosing, HubOpening, Opening};

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
}
