//! Groq.

use super::{ANY, Vendor};
use crate::verdict::OVERLOADED;

pub(super) const VENDOR: Vendor = Vendor {
    judge: |status, _| (status == 498).then_some(OVERLOADED),
    ..ANY
};
