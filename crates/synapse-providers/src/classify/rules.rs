//! The rules, by status. Sources: recorded answers of both APIs and their error references; the
//! tests of this crate hold a realistic body for each rule.

use synapse_core::error::Code;
use synapse_core::provider::ProviderKind;

use super::{Answer, Asked, Verdict};
use crate::wire::error::{ErrorBody, Format};

/// The verdict on an answer that is no success; `status` is its own, or the one that an error within
/// a success states.
pub(super) fn judge(answer: &Answer<'_>, status: u16, body: &ErrorBody) -> Verdict {
    match status {
        300..=399 => Verdict::new(
            Code::EndpointRedirected,
            "the server answered with a redirect, which was not followed",
        ),
        410 => Verdict::new(Code::EndpointGone, "the endpoint was retired"),
        405 => path_mismatch(),
        401 => unauthorized(answer, body),
        402 if spoken_by_sub_provider(answer) => Verdict::new(
            Code::ProviderFailed,
            "the sub-provider asks the router for money, and not you",
        ),
        402 => Verdict::new(Code::ProviderCreditsExhausted, "the credits are used up"),
        403 => forbidden(answer, body),
        404 => match not_found(answer, body) {
            // The router knows the route, or nobody would have been asked.
            verdict
                if verdict.code == Code::EndpointPathMismatch && spoken_by_sub_provider(answer) =>
            {
                Verdict::new(
                    Code::ProviderRequestRejected,
                    "the sub-provider does not find what the request asks for",
                )
            }
            verdict => verdict,
        },
        408 => overloaded(),
        413 => too_long(),
        429 => too_many(body),
        400..=499 => rejected(answer, body),
        500..=599 => broken(body, status),
        _ => Verdict::new(
            Code::ProviderBadResponse,
            "the provider answered with a status that has no meaning here",
        ),
    }
}

fn unauthorized(answer: &Answer<'_>, body: &ErrorBody) -> Verdict {
    if spoken_by_sub_provider(answer) {
        return Verdict::new(
            Code::ProviderFailed,
            "the sub-provider rejected the router's own key, which is not yours",
        );
    }
    if body.has_code(&["incorrect_hostname"]) {
        return Verdict::new(
            Code::EndpointWrongRegionHost,
            "the project must use a regional host",
        );
    }
    if body.has_code(&[
        "mismatched_organization",
        "mismatched_project",
        "no_organization",
    ]) {
        return account_scope();
    }
    if body.has_code(&["ip_not_authorized"]) {
        return region_blocked();
    }
    if body.has_code(&["invalid_api_key"]) {
        return token_rejected();
    }
    if body.says("insufficient permissions") || body.says("missing scopes") {
        return token_permission();
    }
    if names_foreign_account(answer, body) {
        return account_scope();
    }
    if was_authenticated(answer) {
        return token_permission();
    }
    token_rejected()
}

fn forbidden(answer: &Answer<'_>, body: &ErrorBody) -> Verdict {
    if body.has_code(&["unsupported_country_region_territory"])
        || body.kind.as_deref() == Some("request_forbidden")
    {
        return region_blocked();
    }
    if body.format == Format::Html {
        return Verdict::new(
            Code::ProviderRegionBlocked,
            "an intermediary refused the request, not the provider's API",
        );
    }
    if spoken_by_sub_provider(answer) {
        return Verdict::new(
            Code::ProviderRequestRejected,
            "the sub-provider refuses the request",
        );
    }
    if body.has_code(&["model_not_found"])
        || body.says("does not have access to model")
        || body.says("must be verified")
        || body.says("gated")
    {
        return model_access();
    }
    if body.says("sufficient permissions") || body.says("missing scopes") {
        return token_permission();
    }
    if names_foreign_account(answer, body) {
        return account_scope();
    }
    Verdict::new(
        Code::CredentialTokenPermission,
        "the provider refuses access; which permission is missing cannot be told",
    )
}

fn not_found(answer: &Answer<'_>, body: &ErrorBody) -> Verdict {
    if body.says("invalid url") {
        return path_mismatch();
    }
    if names_missing_model(body) {
        return model_unavailable();
    }
    match (body.format, answer.asked) {
        (Format::Html | Format::Text | Format::Empty, _) | (_, Asked::Identity) => path_mismatch(),
        (Format::Json, Asked::Model(model))
            if body.says("model") || body.says(&model.to_lowercase()) =>
        {
            model_unavailable()
        }
        (Format::Json, Asked::Model(_)) => path_mismatch(),
    }
}

fn too_many(body: &ErrorBody) -> Verdict {
    if body.kind.as_deref() == Some("insufficient_quota") || body.has_code(&QUOTA_CODES) {
        return credits_exhausted();
    }
    if body.says("request too large") {
        return too_long();
    }
    rate_limited()
}

/// 400, 409, 422 and every other 4xx without a rule of its own.
fn rejected(answer: &Answer<'_>, body: &ErrorBody) -> Verdict {
    if body.has_code(&["context_length_exceeded"]) || body.says("maximum context length") {
        return too_long();
    }
    if names_missing_model(body)
        || body.has_code(&["model_not_supported"])
        || body.says("invalid model id")
        || body.says("not supported by any provider")
        || body.says("model not supported by provider")
        || body.says("not a chat model")
    {
        return model_unavailable();
    }
    if body.says("no such organization") {
        return account_scope();
    }
    if body.says("could not finish the message because max_tokens") {
        return Verdict {
            token_cap: true,
            ..Verdict::new(
                Code::ProviderRequestRejected,
                "the token cap was reached before the model could finish its message",
            )
        };
    }
    if spoken_by_sub_provider(answer) {
        return Verdict::new(
            Code::ProviderRequestRejected,
            "the sub-provider rejects the request",
        );
    }
    Verdict::new(
        Code::ProviderRequestRejected,
        "the provider rejects the request",
    )
}

fn broken(body: &ErrorBody, status: u16) -> Verdict {
    let edge = matches!(status, 502..=504 | 520..=529);
    if edge || body.has_code(&["server_is_overloaded", "slow_down"]) || body.format == Format::Html
    {
        return overloaded();
    }
    Verdict::new(Code::ProviderFailed, "the provider failed")
}

/// On the router, this header is on everything that a sub-provider answered.
fn spoken_by_sub_provider(answer: &Answer<'_>) -> bool {
    answer.provider == ProviderKind::HuggingFace
        && answer.headers.text("x-inference-provider").is_some()
}

/// OpenAI sends these headers only behind authentication.
fn was_authenticated(answer: &Answer<'_>) -> bool {
    answer.provider == ProviderKind::OpenAi
        && [
            "openai-organization",
            "x-ratelimit-limit-requests",
            "x-ratelimit-limit-tokens",
        ]
        .iter()
        .any(|name| answer.headers.text(name).is_some())
}

fn names_foreign_account(answer: &Answer<'_>, body: &ErrorBody) -> bool {
    answer.account && (body.says("organization") || body.says(" org ") || body.says("project"))
}

fn names_missing_model(body: &ErrorBody) -> bool {
    body.has_code(&["model_not_found"])
        || (body.param.as_deref() == Some("model") && body.says("does not exist"))
        || (body.says("the model") && body.says("does not exist"))
}

pub(super) const fn path_mismatch() -> Verdict {
    Verdict::new(
        Code::EndpointPathMismatch,
        "the server has no such endpoint under the base URL",
    )
}

pub(super) const fn token_rejected() -> Verdict {
    Verdict::new(
        Code::CredentialTokenRejected,
        "the provider does not accept this token",
    )
}

pub(super) const fn token_permission() -> Verdict {
    Verdict::new(
        Code::CredentialTokenPermission,
        "the token is valid and lacks a permission",
    )
}

const fn account_scope() -> Verdict {
    Verdict::new(
        Code::ProviderAccountScope,
        "the token does not belong to the organization or project of this connection",
    )
}

pub(super) const fn region_blocked() -> Verdict {
    Verdict::new(
        Code::ProviderRegionBlocked,
        "the provider refuses requests from this country or network address",
    )
}

pub(super) const fn model_access() -> Verdict {
    Verdict::new(
        Code::ProviderModelAccess,
        "the account may not use this model",
    )
}

pub(super) const fn model_unavailable() -> Verdict {
    Verdict::new(
        Code::ProviderModelUnavailable,
        "the model does not exist or nobody serves it now",
    )
}

pub(super) const fn credits_exhausted() -> Verdict {
    Verdict::new(
        Code::ProviderCreditsExhausted,
        "credits, quota or a spend limit are used up",
    )
}

pub(super) const fn rate_limited() -> Verdict {
    Verdict::new(
        Code::ProviderRateLimited,
        "the provider throttles this account",
    )
}

pub(super) const fn too_long() -> Verdict {
    Verdict::new(Code::ProviderContextTooLong, "the prompt is too long")
}

pub(super) const fn overloaded() -> Verdict {
    Verdict::new(
        Code::ProviderOverloaded,
        "the provider is overloaded or unreachable behind its edge",
    )
}

/// 429 codes that mean money and not speed (OpenAI error reference, 2026).
const QUOTA_CODES: [&str; 6] = [
    "insufficient_quota",
    "billing_hard_limit_reached",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
];
