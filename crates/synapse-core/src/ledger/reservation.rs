//! Reservations against a connection's limits before a call is sent.

use crate::call::CallId;
use crate::limits::{Limits, UsageEstimate};
use crate::time::Timestamp;

/// Requests a reservation for a call with an open row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// The call.
    pub call_id: CallId,
    /// The connection with the limits.
    pub connection: String,
    /// Start time, which determines the day and month (UTC).
    pub at: Timestamp,
    /// The limits.
    pub limits: Limits,
    /// The maximum the call may use.
    pub demand: UsageEstimate,
}
