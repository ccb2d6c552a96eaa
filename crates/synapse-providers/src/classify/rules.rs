//! Rules by status, for errors without a recognised code or words. Sources: recorded answers of
//! both APIs and their error references; the tests contain a realistic body for each rule.

use synapse_core::error::Code;
use synapse_core::provider::ProviderKind;

use super::words::Words;
use super::{Answer, Asked};
use crate::verdict::{
    ACCOUNT_SCOPE, CREDITS_EXHAUSTED, Classification, FAILED, FILTERED, MODEL_ACCESS,
    MODEL_UNAVAILABLE, OVERLOADED, PATH_MISMATCH, RATE_LIMITED, REJECTED, TOKEN_PERMISSION,
    TOKEN_REJECTED, TOO_LONG,
};
use crate::wire::error::{BodyFormat, ErrorBody};

/// The verdict on an error response; `status` is the received one, or the one stated within a
/// success.
pub(super) fn judge(answer: &Answer<'_>, status: u16, body: &ErrorBody) -> Classification {
    match status {
        300..=399 => Classification::new(
            Code::EndpointRedirected,
            "the server answered with a redirect, which was not followed",
        ),
        410 => Classification::new(Code::EndpointGone, "the endpoint was retired"),
        405 => PATH_MISMATCH,
        401 => unauthorized(answer, body),
        402 if spoken_by_sub_provider(answer) => MONEY_OF_THE_ROUTER,
        402 => CREDITS_EXHAUSTED,
        403 => forbidden(answer, body),
        404 => match not_found(answer, body) {
            // The router knows the route, since it asked a sub-provider.
            verdict
                if verdict.code == Code::EndpointPathMismatch && spoken_by_sub_provider(answer) =>
            {
                Classification::new(
                    Code::ProviderRequestRejected,
                    "the sub-provider does not find the requested resource",
                )
            }
            verdict => verdict,
        },
        408 => OVERLOADED,
        413 => TOO_LONG,
        429 => RATE_LIMITED,
        400..=499 => rejected(answer, body),
        500..=599 => broken(body, status),
        _ => Classification::new(
            Code::ProviderBadResponse,
            "the provider answered with a status that has no meaning here",
        ),
    }
}

fn unauthorized(answer: &Answer<'_>, body: &ErrorBody) -> Classification {
    if spoken_by_sub_provider(answer) {
        return KEY_OF_THE_ROUTER;
    }
    if body.says("insufficient permissions") || body.says("missing scopes") {
        return TOKEN_PERMISSION;
    }
    let no_such = body.says("no such organization") || body.says("no such project");
    if no_such || names_foreign_account(answer, body) {
        return ACCOUNT_SCOPE;
    }
    if was_authenticated(answer) {
        return TOKEN_PERMISSION;
    }
    TOKEN_REJECTED
}

fn forbidden(answer: &Answer<'_>, body: &ErrorBody) -> Classification {
    if body.format == BodyFormat::Html {
        return Classification::new(
            Code::ProviderRegionBlocked,
            "an intermediary refused the request, not the provider's API",
        );
    }
    if spoken_by_sub_provider(answer) {
        return Classification::new(
            Code::ProviderRequestRejected,
            "the sub-provider refuses the request",
        );
    }
    if body.says("must be verified") || body.says("gated") {
        return MODEL_ACCESS;
    }
    if body.says("violate")
        && ["content", "polic", "guideline"]
            .iter()
            .any(|of| body.says(of))
    {
        return FILTERED;
    }
    if body.says("sufficient permissions") || body.says("missing scopes") {
        return TOKEN_PERMISSION;
    }
    if names_foreign_account(answer, body) {
        return ACCOUNT_SCOPE;
    }
    Classification::new(
        Code::CredentialTokenPermission,
        "the provider refuses access; the missing permission is unknown",
    )
}

fn not_found(answer: &Answer<'_>, body: &ErrorBody) -> Classification {
    if body.says("invalid url") {
        return PATH_MISMATCH;
    }
    if names_missing_model(body) {
        return MODEL_UNAVAILABLE;
    }
    match (body.format, answer.asked) {
        (BodyFormat::Html | BodyFormat::Text | BodyFormat::Empty, _) | (_, Asked::Identity) => {
            PATH_MISMATCH
        }
        (BodyFormat::Json, Asked::Model(_))
            if body.has_word_with("model") || answer.names_model(body) =>
        {
            MODEL_UNAVAILABLE
        }
        (BodyFormat::Json, Asked::Model(_)) => PATH_MISMATCH,
    }
}

/// 400, 409, 422 and every other 4xx without a specific rule.
fn rejected(answer: &Answer<'_>, body: &ErrorBody) -> Classification {
    if names_missing_model(body)
        || body.says("invalid model id")
        || body.says("model not supported by provider")
        || body.says("not a chat model")
    {
        return MODEL_UNAVAILABLE;
    }
    if body.says("no such organization") {
        return ACCOUNT_SCOPE;
    }
    if body.says("could not finish the message because max_tokens") {
        return Classification {
            token_cap: true,
            ..Classification::new(
                Code::ProviderRequestRejected,
                "the token cap was reached before the model could finish its message",
            )
        };
    }
    if is_busy(body) && SERVERS.iter().any(|server| body.says(server)) {
        return OVERLOADED;
    }
    if spoken_by_sub_provider(answer) {
        return Classification::new(
            Code::ProviderRequestRejected,
            "the sub-provider rejects the request",
        );
    }
    REJECTED
}

fn broken(body: &ErrorBody, status: u16) -> Classification {
    let edge = matches!(status, 502..=504 | 520..=529);
    if edge || is_busy(body) || body.has_code(&["slow_down"]) || body.format == BodyFormat::Html {
        return OVERLOADED;
    }
    FAILED
}

fn is_busy(body: &ErrorBody) -> bool {
    let says = |words: &[&str]| words.iter().any(|each| body.says(each));
    // A capacity by itself may be the size of anything.
    says(&["at capacity", "over capacity", "overloaded", " busy"])
        || (body.says("capacity") && says(&CAPACITY_USED_UP))
        || body.has_code(&["capacity_exceeded", "no_capacity", "insufficient_capacity"])
}

/// The router adds this header to every answer of a sub-provider.
fn spoken_by_sub_provider(answer: &Answer<'_>) -> bool {
    answer.provider == ProviderKind::HuggingFace
        && answer.headers.text("x-inference-provider").is_some()
}

/// OpenAI sends these headers only after authentication.
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
    body.param.as_deref() == Some("model") && body.says("does not exist")
}

/// The same verdict, unless it concerns the account that the router used with its sub-provider.
pub(super) fn by_speaker(answer: &Answer<'_>, verdict: Classification) -> Classification {
    match verdict.code {
        _ if !spoken_by_sub_provider(answer) || !verdict.blames_account() => verdict,
        Code::ProviderCreditsExhausted => MONEY_OF_THE_ROUTER,
        _ => KEY_OF_THE_ROUTER,
    }
}

/// Whether a model reported missing is only withheld from this account: OpenAI answers 403 with
/// `model_not_found`, others say so in words.
pub(super) fn withholds_model(answer: &Answer<'_>, body: &ErrorBody, words: &Words) -> bool {
    let forbidden = answer.provider == ProviderKind::OpenAi && answer.status == 403;
    (forbidden && body.stated().any(|code| code == "model_not_found")) || words.withhold_the_model()
}

const MONEY_OF_THE_ROUTER: Classification = Classification::new(
    Code::ProviderFailed,
    "the sub-provider's billing error concerns the router, not you",
);
const KEY_OF_THE_ROUTER: Classification = Classification::new(
    Code::ProviderFailed,
    "the sub-provider rejected the router's own key, which is not yours",
);

/// The sides that are busy or at capacity. A rejection may quote the request, so it must name one.
const SERVERS: [&str; 7] = [
    "upstream", "server", "service", "model", "engine", "provider", "system",
];

/// Said of a capacity that is used up.
const CAPACITY_USED_UP: [&str; 7] = [
    "exceeded",
    "no capacity",
    "out of capacity",
    "not enough capacity",
    "insufficient capacity",
    "lack of capacity",
    "capacity limit",
];
