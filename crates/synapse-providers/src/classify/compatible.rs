//! Errors of compatible providers whose meaning differs from the same status at OpenAI and which
//! have no code: matched by words, per provider. Sources: recorded answers, the vendors' error
//! references and the sources of the local servers; a fixture of this crate covers each rule.

use synapse_core::error::Code;
use synapse_core::provider::{ProviderKind, Wire};

use super::Answer;
use super::verdict::{
    CREDITS_EXHAUSTED, Classification, MODEL_UNAVAILABLE, OVERLOADED, REGION_BLOCKED,
    TOKEN_REJECTED,
};
use crate::wire::error::ErrorBody;

/// The verdict of a rule for compatible providers only; `None` leaves it to the common rules.
pub(super) fn judge(answer: &Answer<'_>, status: u16, body: &ErrorBody) -> Option<Classification> {
    if answer.provider.profile().wire != Wire::Compatible {
        return None;
    }
    if body.kind.as_deref() == Some("unavailable_error") {
        return Some(Classification::new(
            Code::ProviderOverloaded,
            "the server is still loading its model",
        ));
    }
    worded(answer.provider, status, body)
}

/// An error forwarded by a router: the sub-provider rejected the router, not its user.
pub(super) fn upstream(
    answer: &Answer<'_>,
    status: u16,
    body: &ErrorBody,
) -> Option<Classification> {
    if answer.provider.profile().wire != Wire::Compatible {
        return None;
    }
    body.upstream.as_ref()?;
    match status {
        401 => Some(Classification::new(
            Code::ProviderFailed,
            "the sub-provider rejected the router's own account, which is not yours",
        )),
        403 => Some(Classification::new(
            Code::ProviderRequestRejected,
            "the sub-provider refuses the request",
        )),
        429 => Some(Classification::new(
            Code::ProviderRateLimited,
            "the sub-provider throttles the router",
        )),
        _ => None,
    }
}

/// Rules by words, per provider.
fn worded(provider: ProviderKind, status: u16, body: &ErrorBody) -> Option<Classification> {
    let says = |needle: &str| body.says(needle);
    let verdict = match provider {
        ProviderKind::OpenRouter => return open_router(status, body),
        ProviderKind::XAi => return x_ai(status, body),
        ProviderKind::Gemini => return gemini(status, body),
        ProviderKind::Groq if status == 498 => OVERLOADED,
        ProviderKind::DeepSeek if says("model not exist") || says("supported api model names") => {
            MODEL_UNAVAILABLE
        }
        ProviderKind::Azure if says("virtual network") || says("public access is disabled") => {
            REGION_BLOCKED
        }
        ProviderKind::Ollama if says("does not support chat") => MODEL_UNAVAILABLE,
        ProviderKind::LmStudio if says("no models loaded") => MODEL_UNAVAILABLE,
        _ => return None,
    };
    Some(verdict)
}

fn open_router(status: u16, body: &ErrorBody) -> Option<Classification> {
    let says = |needle: &str| body.says(needle);
    let nobody = says("no endpoints") || says("no allowed providers");
    match status {
        // With a sub-provider's name it is the sub-provider's failure, see above.
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

fn x_ai(status: u16, body: &ErrorBody) -> Option<Classification> {
    let says = |needle: &str| body.says(needle);
    match status {
        // Once seen percent-encoded.
        400 if says("incorrect api key") || says("incorrect%20api%20key") => Some(TOKEN_REJECTED),
        403 | 429 if says("credits") || says("spending limit") => Some(CREDITS_EXHAUSTED),
        _ => None,
    }
}

fn gemini(status: u16, body: &ErrorBody) -> Option<Classification> {
    let says = |needle: &str| body.says(needle);
    match status {
        400 if says("authorization header") || says("api key not valid") => Some(TOKEN_REJECTED),
        403 if says("reported as leaked") => Some(TOKEN_REJECTED),
        400 if says("location is not supported") => Some(REGION_BLOCKED),
        _ => None,
    }
}
