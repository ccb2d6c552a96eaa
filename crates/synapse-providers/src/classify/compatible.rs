//! What the errors of the compatible providers mean, where it is not what the same status means at
//! OpenAI. Codes, types and reasons first, whoever states them; then words, each for the provider
//! that is known to use them. Sources: recorded answers, the vendors' error references and the
//! sources of the local servers; the fixtures of this crate hold one body for each rule.

use synapse_core::error::Code;
use synapse_core::provider::{ProviderKind, Wire};

use super::rules::{
    credits_exhausted, model_access, model_unavailable, overloaded, region_blocked,
    token_permission, token_rejected, too_long,
};
use super::{Answer, Verdict};
use crate::wire::error::ErrorBody;

/// The verdict of a rule for compatible providers alone; `None` leaves it to the common rules.
pub(super) fn judge(answer: &Answer<'_>, status: u16, body: &ErrorBody) -> Option<Verdict> {
    if answer.provider.profile().wire != Wire::Compatible {
        return None;
    }
    if let Some(upstream) = upstream(status, body) {
        return Some(upstream);
    }
    stated(body).or_else(|| worded(answer.provider, status, body))
}

/// What a router passes on: the sub-provider refused the router and not its user.
fn upstream(status: u16, body: &ErrorBody) -> Option<Verdict> {
    body.upstream.as_ref()?;
    match status {
        401 => Some(Verdict::new(
            Code::ProviderFailed,
            "the sub-provider rejected the router's own account, which is not yours",
        )),
        403 if !body.flagged => Some(Verdict::new(
            Code::ProviderRequestRejected,
            "the sub-provider refuses the request",
        )),
        429 => Some(Verdict::new(
            Code::ProviderRateLimited,
            "the sub-provider throttles the router",
        )),
        _ => None,
    }
}

/// Rules on what is stated in fields, whatever the status.
fn stated(body: &ErrorBody) -> Option<Verdict> {
    if body.flagged || body.has_code(&["content_filter"]) {
        return Some(filtered());
    }
    let reason = body.reason.as_deref().unwrap_or_default();
    match reason {
        "API_KEY_INVALID" => return Some(token_rejected()),
        "SERVICE_DISABLED" | "API_KEY_SERVICE_BLOCKED" | "CONSUMER_SUSPENDED" => {
            return Some(token_permission());
        }
        "API_KEY_IP_ADDRESS_BLOCKED" | "API_KEY_HTTP_REFERRER_BLOCKED" => {
            return Some(region_blocked());
        }
        _ => {}
    }
    if body.has_code(&MODEL_CODES) {
        return Some(model_unavailable());
    }
    if body.has_code(&["model_terms_required"]) {
        return Some(model_access());
    }
    if body.has_code(&["PermissionDenied"]) {
        return Some(token_permission());
    }
    match body.kind.as_deref()? {
        "invalid_model" => Some(model_unavailable()),
        "exceed_context_size_error" => Some(too_long()),
        "authentication_error" => Some(token_rejected()),
        "unavailable_error" => Some(Verdict::new(
            Code::ProviderOverloaded,
            "the server is still loading its model",
        )),
        _ => None,
    }
}

/// Rules on words, each for those who are known to use them.
fn worded(provider: ProviderKind, status: u16, body: &ErrorBody) -> Option<Verdict> {
    let says = |needle: &str| body.says(needle);
    let verdict = match provider {
        ProviderKind::OpenRouter => return open_router(status, body),
        ProviderKind::XAi => return x_ai(status, body),
        ProviderKind::Gemini => return gemini(status, body),
        ProviderKind::Groq if status == 498 => overloaded(),
        ProviderKind::DeepSeek if says("model not exist") || says("supported api model names") => {
            model_unavailable()
        }
        ProviderKind::Azure if says("virtual network") || says("public access is disabled") => {
            region_blocked()
        }
        ProviderKind::Ollama if says("does not support chat") => model_unavailable(),
        ProviderKind::LmStudio if says("no models loaded") => model_unavailable(),
        _ if TOO_LONG.iter().any(|words| says(words)) => too_long(),
        _ => return None,
    };
    Some(verdict)
}

fn open_router(status: u16, body: &ErrorBody) -> Option<Verdict> {
    let says = |needle: &str| body.says(needle);
    let nobody = says("no endpoints") || says("no allowed providers");
    match status {
        // With a sub-provider's name it is that one's trouble, see above.
        503 if body.has_code(&["503"]) && body.upstream.is_none() => Some(Verdict::new(
            Code::ProviderModelUnavailable,
            "no sub-provider that serves the model meets the account's routing rules",
        )),
        404 if nobody && says("support") => Some(Verdict::new(
            Code::ProviderRequestRejected,
            "no sub-provider of the model takes what the request asks for",
        )),
        404 if nobody && (says("policy") || says("privacy") || says("allowed")) => {
            Some(Verdict::new(
                Code::ProviderModelAccess,
                "the account's settings leave no sub-provider for this model",
            ))
        }
        404 if nobody => Some(model_unavailable()),
        400 if says("not a valid model id") => Some(model_unavailable()),
        403 if says("limit exceeded") => Some(credits_exhausted()),
        _ => None,
    }
}

fn x_ai(status: u16, body: &ErrorBody) -> Option<Verdict> {
    let says = |needle: &str| body.says(needle);
    match status {
        // Once written with the percent signs of a URL.
        400 if says("incorrect api key") || says("incorrect%20api%20key") => Some(token_rejected()),
        403 | 429 if says("credits") || says("spending limit") => Some(credits_exhausted()),
        400 if says("maximum prompt length") => Some(too_long()),
        _ => None,
    }
}

fn gemini(status: u16, body: &ErrorBody) -> Option<Verdict> {
    let says = |needle: &str| body.says(needle);
    match status {
        400 if says("authorization header") => Some(token_rejected()),
        403 if says("reported as leaked") => Some(token_rejected()),
        400 if says("location is not supported") => Some(region_blocked()),
        400 if says("token count") && says("exceeds") => Some(too_long()),
        _ => None,
    }
}

const fn filtered() -> Verdict {
    Verdict::new(
        Code::ProviderRequestRejected,
        "the provider's content filter refuses the prompt",
    )
}

/// Together, Groq, Azure.
const MODEL_CODES: [&str; 3] = [
    "model_not_available",
    "model_decommissioned",
    "DeploymentNotFound",
];
/// How vLLM, llama.cpp, LM Studio and Together say it, with a status and type that say nothing.
const TOO_LONG: [&str; 5] = [
    "context length is only",
    "context size has been exceeded",
    "greater than the context length",
    "exceeds the available context size",
    "tokens + `max_new_tokens` must be <=",
];
