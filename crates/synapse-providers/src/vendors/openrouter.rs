//! OpenRouter.

use synapse_core::error::Code;

use super::{NAMES, Names, REMEDIES, Remedies, Step, Vendor};
use crate::verdict::{CREDITS_EXHAUSTED, Classification, MODEL_UNAVAILABLE};
use crate::wire::error::ErrorBody;

pub(super) const VENDOR: Vendor = Vendor {
    judge,
    remedies: Remedies {
        model_access: &[Step::Hint(
            "check the privacy settings: https://openrouter.ai/settings/privacy",
        )],
        ..REMEDIES
    },
    names: Names {
        // `:nitro`, `:floor` and the like select a route; `:free` is listed separately.
        is: |listed, asked| {
            let (name, suffix) = asked.split_suffix();
            listed == asked.as_str() || (suffix != Some("free") && listed == name)
        },
        // Presets and routes.
        is_elsewhere: |asked| {
            let asked = asked.as_str();
            asked.starts_with('@') || asked.starts_with("openrouter/")
        },
        ..NAMES
    },
};

fn judge(status: u16, body: &ErrorBody) -> Option<Classification> {
    let says = |needle: &str| body.says(needle);
    let nobody = says("no endpoints") || says("no allowed providers");
    match status {
        // With a sub-provider's name it is the sub-provider's failure, judged before.
        503 if body.has_code(&["503"]) && body.upstream.is_none() => Some(Classification::new(
            Code::ProviderModelUnavailable,
            "no sub-provider that serves the model meets the account's routing rules",
        )),
        404 if nobody && says("support") => Some(Classification::new(
            Code::ProviderRequestRejected,
            "no sub-provider of the model supports the request",
        )),
        404 if nobody && (says("policy") || says("privacy") || says("allowed")) => {
            Some(Classification::new(
                Code::ProviderModelAccess,
                "the account's settings leave no sub-provider for this model",
            ))
        }
        404 if nobody => Some(MODEL_UNAVAILABLE),
        400 if says("not a valid model id") => Some(MODEL_UNAVAILABLE),
        403 if says("limit exceeded") => Some(CREDITS_EXHAUSTED),
        _ => None,
    }
}
