//! One body per error type, from Anthropic's documentation or public reports, with the expected
//! code.

use serde_json::json;
use synapse_core::error::Failure;
use synapse_core::provider::ProviderKind;
use synapse_core::redact::Redactor;

use super::super::{Asked, classify};
use super::*;

const MODEL: &str = "claude-haiku-4-5";

#[derive(Debug)]
struct Pairs(Vec<(&'static str, &'static str)>);

impl Headers for Pairs {
    fn text(&self, name: &str) -> Option<&str> {
        let pair = self.0.iter().find(|(key, _)| *key == name);
        pair.map(|(_, value)| *value)
    }
}

fn answered(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Failure {
    classify(&Answer {
        provider: ProviderKind::Anthropic,
        asked: Asked::Model(MODEL),
        account: false,
        credential: true,
        base_url: &"https://api.anthropic.com/v1".parse().unwrap(),
        host: "api.anthropic.com",
        url: "https://api.anthropic.com/v1/messages",
        status,
        headers: &Pairs(headers.to_vec()),
        body: body.as_bytes(),
        redactor: &Redactor::for_secret("fake-secret-value"),
    })
}

fn error(kind: &str, message: &str) -> String {
    json!({
        "type": "error",
        "error": {"type": kind, "message": message},
        "request_id": "req_fake",
    })
    .to_string()
}

/// Bodies from the documentation or public reports.
#[test]
fn every_type_of_error_has_its_code() {
    let invalid = "invalid_request_error";
    for (status, kind, message, code) in [
        (
            401,
            "authentication_error",
            "invalid x-api-key",
            Code::CredentialTokenRejected,
        ),
        (
            401,
            "authentication_error",
            "OAuth authentication is currently not allowed for this organization.",
            Code::CredentialTokenRejected,
        ),
        (
            400,
            invalid,
            "This organization has been disabled.",
            Code::CredentialTokenRejected,
        ),
        (
            403,
            "permission_error",
            "Your API key does not have permission to use the specified resource.",
            Code::CredentialTokenPermission,
        ),
        (
            403,
            "permission_error",
            "Your workspace does not have access to this model.",
            Code::ProviderModelAccess,
        ),
        (
            403,
            "permission_error",
            "Your IP address is not on the allowlist of this organization.",
            Code::ProviderRegionBlocked,
        ),
        (
            403,
            "forbidden",
            "Request not allowed",
            Code::ProviderRegionBlocked,
        ),
        (
            400,
            invalid,
            "anthropic-workspace-id is required when authenticating with an identity-linked \
             API key; send the id of the workspace this request acts in.",
            Code::ProviderAccountScope,
        ),
        (
            402,
            "billing_error",
            "Billing error",
            Code::ProviderCreditsExhausted,
        ),
        (
            400,
            invalid,
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & \
             Billing to upgrade or purchase credits.",
            Code::ProviderCreditsExhausted,
        ),
        (
            400,
            invalid,
            "You have reached your specified API usage limits. You will regain access on \
             2026-12-01 at 00:00 UTC.",
            Code::ProviderCreditsExhausted,
        ),
        (
            400,
            invalid,
            "You have reached your specified workspace API usage limits. You will regain \
             access on 2026-12-01 at 00:00 UTC.",
            Code::ProviderCreditsExhausted,
        ),
        (
            404,
            "not_found_error",
            "model: claude-haiku-4-5",
            Code::ProviderModelUnavailable,
        ),
        (
            404,
            "not_found_error",
            "The requested resource could not be found.",
            Code::EndpointPathMismatch,
        ),
        (
            404,
            "not_found_error",
            "Not found",
            Code::EndpointPathMismatch,
        ),
        (
            413,
            "request_too_large",
            "Request exceeds the maximum size",
            Code::ProviderContextTooLong,
        ),
        (
            400,
            invalid,
            "prompt is too long: 208656 tokens > 200000 maximum",
            Code::ProviderContextTooLong,
        ),
        (
            400,
            invalid,
            "input length and `max_tokens` exceed context limit: 178959 + 64000 > 200000, \
             decrease input length or `max_tokens` and try again",
            Code::ProviderContextTooLong,
        ),
        (
            400,
            invalid,
            "max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens",
            Code::ProviderRequestRejected,
        ),
        (
            400,
            invalid,
            "role 'system' is not supported on this model",
            Code::ProviderRequestRejected,
        ),
        (
            409,
            "conflict_error",
            "Conflict",
            Code::ProviderRequestRejected,
        ),
        (
            429,
            "rate_limit_error",
            "This request would exceed your organization's rate limit of 30,000 input tokens \
             per minute.",
            Code::ProviderRateLimited,
        ),
        (
            504,
            "timeout_error",
            "Request timeout",
            Code::ProviderOverloaded,
        ),
        (
            500,
            "api_error",
            "Internal server error",
            Code::ProviderFailed,
        ),
        (
            529,
            "overloaded_error",
            "Overloaded",
            Code::ProviderOverloaded,
        ),
        (
            500,
            "overloaded_error",
            "Overloaded",
            Code::ProviderOverloaded,
        ),
    ] {
        let failure = answered(status, &[], &error(kind, message));
        assert_eq!(failure.code(), code, "{status} {kind}: {message}");
        assert!(
            !failure.hints().is_empty(),
            "{status} {kind} has no next step"
        );
        let kept = failure.context().get("provider_type").map(String::as_str);
        assert_eq!(kept, Some(kind));
    }
}

#[test]
fn a_tier_whose_money_is_spent_is_told_from_a_throttle() {
    let body = json!({"type": "error", "error": {
        "type": "rate_limit_error", "message": "Usage is paused.",
        "details": {"error_code": "enforced_spend_limit_reached"}}});
    let failure = answered(429, &[], &body.to_string());
    assert_eq!(failure.code(), Code::ProviderCreditsExhausted);
    let code = failure.context().get("provider_code").map(String::as_str);
    assert_eq!(code, Some("enforced_spend_limit_reached"));
}

#[test]
fn what_is_not_of_this_api_is_left_to_the_common_rules() {
    for (status, body, code) in [
        (307, String::new(), Code::EndpointRedirected),
        (
            405,
            error("invalid_request_error", "Method Not Allowed"),
            Code::EndpointPathMismatch,
        ),
        (
            410,
            error("not_found_error", "model: x"),
            Code::EndpointGone,
        ),
        (
            401,
            error("invalid_request_error", "no key"),
            Code::CredentialTokenRejected,
        ),
        (
            403,
            "<html>blocked</html>".to_owned(),
            Code::ProviderRegionBlocked,
        ),
        (
            404,
            "<html>404</html>".to_owned(),
            Code::EndpointPathMismatch,
        ),
        (
            404,
            r#"{"detail":"Not Found"}"#.to_owned(),
            Code::EndpointPathMismatch,
        ),
        (
            413,
            "<html>413</html>".to_owned(),
            Code::ProviderContextTooLong,
        ),
        (502, "<html>502</html>".to_owned(), Code::ProviderOverloaded),
        (522, String::new(), Code::ProviderOverloaded),
    ] {
        assert_eq!(answered(status, &[], &body).code(), code, "{status} {body}");
    }
}

#[test]
fn a_throttle_says_which_limit_and_how_long() {
    let headers = [
        ("content-type", "application/json"),
        ("request-id", "req_fake_header"),
        ("retry-after", "12"),
        ("anthropic-ratelimit-requests-limit", "50"),
        ("anthropic-ratelimit-requests-remaining", "49"),
        ("anthropic-ratelimit-input-tokens-limit", "30000"),
        ("anthropic-ratelimit-input-tokens-remaining", "0"),
        (
            "anthropic-ratelimit-input-tokens-reset",
            "2026-11-20T12:00:00Z",
        ),
    ];
    let failure = answered(429, &headers, &error("rate_limit_error", "slow down"));
    assert_eq!(failure.code(), Code::ProviderRateLimited);
    let left = "left: 49 of 50 requests, 0 of 30000 input tokens until 2026-11-20T12:00:00Z";
    assert!(failure.causes().contains(&left), "{:?}", failure.causes());
    assert!(
        failure
            .hints()
            .iter()
            .any(|hint| hint.text.contains("12 s"))
    );
    let id = failure.context().get("request_id").map(String::as_str);
    assert_eq!(id, Some("req_fake_header"));

    let refused = answered(401, &headers, &error("authentication_error", "no"));
    assert!(!refused.causes().contains(&left));
}

#[test]
fn hints_speak_of_this_api() {
    let shown = |status, body: &str| format!("{:?}", answered(status, &[], body).hints());
    let path = shown(404, &error("not_found_error", "Not found"));
    assert!(
        path.contains("https://api.anthropic.com/v1") && path.contains("/messages"),
        "{path}"
    );
    assert!(!path.contains("chat/completions"), "{path}");
    for (status, kind) in [(403, "permission_error"), (401, "authentication_error")] {
        let hints = shown(status, &error(kind, "no"));
        assert!(
            hints.contains("https://platform.claude.com/settings/keys"),
            "{hints}"
        );
        assert!(!hints.contains("Model capabilities"), "{hints}");
    }
    let workspace = shown(
        400,
        &error(
            "invalid_request_error",
            "anthropic-workspace-id is required when …",
        ),
    );
    assert!(workspace.contains("one workspace"), "{workspace}");
}
