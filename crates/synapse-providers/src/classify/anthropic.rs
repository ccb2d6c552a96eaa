//! What an error of Anthropic's Messages API means: by its `type`, which is a closed list in its
//! documentation, and by words only where one type means several things
//! (<https://platform.claude.com/docs/en/api/errors>).

#[cfg(test)]
mod tests;

use synapse_core::error::Code;

use super::rules::{
    credits_exhausted, model_access, model_unavailable, overloaded, path_mismatch, rate_limited,
    region_blocked, token_permission, token_rejected, too_long,
};
use super::{Answer, Headers, Verdict};
use crate::wire::error::ErrorBody;

/// The verdict on an answer that carries an error of this API; `None` leaves it to the rules that
/// hold for everybody: redirects, pages, other servers.
pub(super) fn judge(answer: &Answer<'_>, status: u16, body: &ErrorBody) -> Option<Verdict> {
    if matches!(status, 405 | 410) || !(400..600).contains(&status) {
        return None;
    }
    match (body.kind.as_deref()?, status) {
        ("authentication_error", _) => Some(token_rejected()),
        ("billing_error", _) => Some(credits_exhausted()),
        ("permission_error", _) => Some(forbidden(body)),
        // Said by the edge, before any key is looked at.
        ("forbidden", 403) => Some(region_blocked()),
        ("not_found_error", _) => Some(not_found(answer, body)),
        ("request_too_large", _) => Some(too_long()),
        ("rate_limit_error", _) => Some(too_many(body)),
        ("timeout_error" | "overloaded_error", _) => Some(overloaded()),
        ("invalid_request_error", 400) => rejected(body),
        _ => None,
    }
}

/// What is left of which limit, from the headers that every answer carries.
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

fn forbidden(body: &ErrorBody) -> Verdict {
    if body.says("ip address") {
        return region_blocked();
    }
    if body.says("model") {
        return model_access();
    }
    token_permission()
}

/// A missing model is `model: NAME`; a missing path names nothing.
fn not_found(answer: &Answer<'_>, body: &ErrorBody) -> Verdict {
    if body.says("model") || answer.names_model(body) {
        return model_unavailable();
    }
    path_mismatch()
}

fn too_many(body: &ErrorBody) -> Verdict {
    if body.has_code(&["enforced_spend_limit_reached"]) || spent(body) {
        return credits_exhausted();
    }
    rate_limited()
}

/// One type for everything that is wrong with a request, and with the account behind it.
fn rejected(body: &ErrorBody) -> Option<Verdict> {
    if spent(body) {
        return Some(credits_exhausted());
    }
    if TOO_LONG.iter().any(|words| body.says(words)) {
        return Some(too_long());
    }
    if body.says("organization has been disabled") {
        return Some(Verdict::new(
            Code::CredentialTokenRejected,
            "the organization of this token has been disabled",
        ));
    }
    if body.says("anthropic-workspace-id is required") {
        return Some(Verdict::new(
            Code::ProviderAccountScope,
            "the token belongs to no single workspace, and the request names none",
        ));
    }
    None
}

/// Money, or a limit that the owner has set.
fn spent(body: &ErrorBody) -> bool {
    body.says("credit balance is too low") || body.says("api usage limits")
}

const TOO_LONG: [&str; 3] = [
    "prompt is too long",
    "exceed context limit",
    "exceeds the context window",
];
const LIMITS: [(&str, &str); 4] = [
    ("requests", "requests"),
    ("tokens", "tokens"),
    ("input tokens", "input-tokens"),
    ("output tokens", "output-tokens"),
];
