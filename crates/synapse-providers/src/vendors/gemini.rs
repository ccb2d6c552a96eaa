//! Gemini.

use super::{ANY, Vendor};
use crate::verdict::{Classification, REGION_BLOCKED, TOKEN_REJECTED};
use crate::wire::error::ErrorBody;

pub(super) const VENDOR: Vendor = Vendor { judge, ..ANY };

fn judge(status: u16, body: &ErrorBody) -> Option<Classification> {
    let says = |needle: &str| body.says(needle);
    match status {
        400 if says("authorization header") || says("api key not valid") => Some(TOKEN_REJECTED),
        403 if says("reported as leaked") => Some(TOKEN_REJECTED),
        400 if says("location is not supported") => Some(REGION_BLOCKED),
        _ => None,
    }
}
