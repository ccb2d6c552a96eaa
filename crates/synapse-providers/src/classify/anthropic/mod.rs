//! Classifies errors of Anthropic's Messages API by `type`, a closed list in its documentation, and
//! by words only where one type has several meanings
//! (<https://platform.claude.com/docs/en/api/errors>).

#[cfg(test)]
mod tests;

use synapse_core::error::Code;

use super::{Answer, Headers};
use crate::verdict::{
    CREDITS_EXHAUSTED, Classification, MODEL_ACCESS, MODEL_UNAVAILABLE, OVERLOADED, PATH_MISMATCH,
    RATE_LIMITED, REGION_BLOCKED, TOKEN_PERMISSION, TOKEN_REJECTED, TOO_LONG,
};
use crate::wire::error::ErrorBody;

/// The verdict on an answer with an error of this API; `None` leaves it to the common rules:
/// redirects, pages, other servers.
pub(super) fn judge(answer: &Answer<'_>, status: u16, body: &ErrorBody) -> Option<Classification> {
    if matches!(status, 405 | 410) || !(400..600).contains(&status) {
        return None;
    }
    match (body.kind.as_deref()?, status) {
        ("authentication_error", _) => Some(TOKEN_REJECTED),
        ("billing_error", _) => Some(CREDITS_EXHAUSTED),
        ("permission_error", _) => Some(forbidden(body)),
        // From the edge, before the key is checked.
        ("forbidden", 403) => Some(REGION_BLOCKED),
        ("not_found_error", _) => Some(not_found(answer, body)),
        ("request_too_large", _) => Some(TOO_LONG),
        ("rate_limit_error", _) => Some(RATE_LIMITED),
        ("timeout_error" | "overloaded_error", _) => Some(OVERLOADED),
        ("invalid_request_error", 400) => rejected(body),
        _ => None,
    }
}

/// The remaining limits, from headers present in every answer.
pub(super) fn limits(headers: &dyn Headers) -> Option<String> {
    let told: Vec<String> = LIMITS
        .iter()
        .filter_map(|(word, name)| {
            let header = |what: &str| headers.text(&format!("anthropic-ratelimit-{name}-{what}"));
            let (left, limit) = (header("remaining")?, header("limit")?);
            let until = header("reset").map_or_else(String::new, |at| format!(" until {at}"));
            Some(format!("{left} of {limit} {word}{until}"))
        })
        .collect();
    (!told.is_empty()).then(|| format!("left: {}", told.join(", ")))
}

fn forbidden(body: &ErrorBody) -> Classification {
    if body.says("ip address") {
        return REGION_BLOCKED;
    }
    if body.says("model") {
        return MODEL_ACCESS;
    }
    TOKEN_PERMISSION
}

/// A missing model is reported as `model: NAME`; a missing path has no name.
fn not_found(answer: &Answer<'_>, body: &ErrorBody) -> Classification {
    if body.says("model") || answer.names_model(body) {
        return MODEL_UNAVAILABLE;
    }
    PATH_MISMATCH
}

/// Invalid requests and account problems share one type.
fn rejected(body: &ErrorBody) -> Option<Classification> {
    body.says("anthropic-workspace-id is required")
        .then_some(Classification::new(
            Code::ProviderAccountScope,
            "the token does not belong to a single workspace, and the request names none",
        ))
}

const LIMITS: [(&str, &str); 4] = [
    ("requests", "requests"),
    ("tokens", "tokens"),
    ("input tokens", "input-tokens"),
    ("output tokens", "output-tokens"),
];
