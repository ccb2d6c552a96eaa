//! The record of a passed preflight, as stored with a connection.

use crate::time::Timestamp;
use crate::value::{Origin, ProxyUrl};

/// The record stored with a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreflightRecord {
    /// The time.
    pub checked_at: Timestamp,
    /// Ids of passed checks.
    pub proven: Vec<String>,
    /// Ids of skipped or inconclusive checks.
    pub unproven: Vec<String>,
    /// The host confirmed for the credential.
    pub bound_to: Option<Origin>,
    /// The confirmed proxy. Missing in older records, so that a proxy must be confirmed once.
    pub bound_proxy: Option<ProxyUrl>,
}
