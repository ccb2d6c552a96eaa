//! xAI.

use super::{ANY, Vendor};
use crate::verdict::{CREDITS_EXHAUSTED, Classification, TOKEN_REJECTED};
use crate::wire::error::ErrorBody;

pub(super) const VENDOR: Vendor = Vendor { judge, ..ANY };

fn judge(status: u16, body: &ErrorBody) -> Option<Classification> {
    let says = |needle: &str| body.says(needle);
    match status {
        // Once seen percent-encoded.
        400 if says("incorrect api key") || says("incorrect%20api%20key") => Some(TOKEN_REJECTED),
        403 | 429 if says("credits") || says("spending limit") => Some(CREDITS_EXHAUSTED),
        _ => None,
    }
}
