//! vLLM.

use super::{ANY, REMEDIES, Remedies, Step, Vendor};

pub(super) const VENDOR: Vendor = Vendor {
    remedies: Remedies {
        unlisted: Step::Run("serve it", "vllm serve {model}"),
        ..REMEDIES
    },
    ..ANY
};
