//! LM Studio.

use super::{ANY, REMEDIES, Remedies, Step, Vendor};
use crate::verdict::MODEL_UNAVAILABLE;

pub(super) const VENDOR: Vendor = Vendor {
    judge: |_, body| body.says("no models loaded").then_some(MODEL_UNAVAILABLE),
    remedies: Remedies {
        model_unavailable: &[Step::Run("load the model", "lms load {model}")],
        ..REMEDIES
    },
    ..ANY
};
