//! What a call sets aside of its connection's limits before it is sent.

use crate::call::CallId;
use crate::limits::{Limits, UsageEstimate};
use crate::time::Timestamp;

/// Asks for room within the limits of a connection, for a call whose row is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// The call.
    pub call_id: CallId,
    /// The connection whose calls count.
    pub connection: String,
    /// When the call began: it counts for that day and month, UTC.
    pub at: Timestamp,
    /// The limits in force.
    pub limits: Limits,
    /// What the call may take.
    pub demand: UsageEstimate,
}
