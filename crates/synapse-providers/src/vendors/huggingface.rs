//! The router of Hugging Face.

use super::{ANY, Account, REMEDIES, Remedies, Step, Vendor};

pub(super) const VENDOR: Vendor = Vendor {
    remedies: Remedies {
        permission: "create a token with the permission \"Make calls to Inference Providers\"",
        account: Account::Setting("correct or remove `bill_to`"),
        model_unavailable: &[
            Step::Hint("check the spelling, and pin a live sub-provider as MODEL:PROVIDER"),
            Step::Hint("enable sub-providers: https://huggingface.co/settings/inference-providers"),
        ],
        ..REMEDIES
    },
    ..ANY
};
