//! What happens to the row of one call, in the order in which it is handed in.

use synapse_core::call::CallId;
use synapse_core::ledger::{Closing, Opening};

/// One change of a row.
#[derive(Debug)]
pub(super) enum Work {
    /// It begins.
    Open(Box<Opening>),
    /// Its request is about to leave, with so many bytes.
    Sending(CallId, u64),
    /// It ends.
    Close(Box<Closing>),
}

impl Work {
    pub(super) fn call_id(&self) -> CallId {
        match self {
            Self::Open(opening) => opening.receipt.call_id,
            Self::Sending(call_id, _) => *call_id,
            Self::Close(closing) => closing.receipt.call_id,
        }
    }
}
