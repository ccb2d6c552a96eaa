//! Azure OpenAI.

use super::{ANY, REMEDIES, Remedies, Step, Vendor};
use crate::verdict::REGION_BLOCKED;

pub(super) const VENDOR: Vendor = Vendor {
    judge: |_, body| {
        let says = |needle: &str| body.says(needle);
        (says("virtual network") || says("public access is disabled")).then_some(REGION_BLOCKED)
    },
    remedies: Remedies {
        model_unavailable: &[Step::Hint(
            "the model is the name of a deployment of your resource; a new one takes some minutes",
        )],
        ..REMEDIES
    },
    ..ANY
};
