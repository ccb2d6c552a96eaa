//! DeepSeek.

use super::{ANY, Vendor};
use crate::verdict::MODEL_UNAVAILABLE;

pub(super) const VENDOR: Vendor = Vendor {
    judge: |_, body| {
        let says = |needle: &str| body.says(needle);
        (says("model not exist") || says("supported api model names")).then_some(MODEL_UNAVAILABLE)
    },
    ..ANY
};
