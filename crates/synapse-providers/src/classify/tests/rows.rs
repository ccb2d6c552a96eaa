//! Rare errors of OpenAI and the Hugging Face router: the same status with another meaning, and the
//! same meaning in another shape.

use super::*;

/// An error of OpenAI: message, type, param, code.
type Words = (&'static str, &'static str, &'static str, &'static str);

const INVALID: &str = "invalid_request_error";

#[test]
fn openai_by_code_type_and_words() {
    let table: &[(u16, HeaderList, Words, Code)] = &[
        // The header was lost in transit, which no other code reveals.
        (
            401,
            JSON,
            (
                "Missing bearer or basic authentication in header",
                INVALID,
                "",
                "",
            ),
            Code::CredentialTokenRejected,
        ),
        (
            401,
            JSON,
            (
                "Project header should match project for API key",
                INVALID,
                "",
                "mismatched_project",
            ),
            Code::ProviderAccountScope,
        ),
        (
            401,
            JSON,
            (
                "You must be a member of an organization to use the API",
                INVALID,
                "",
                "no_organization",
            ),
            Code::ProviderAccountScope,
        ),
        // A known key with another problem is not a rejected key.
        (
            401,
            LIMITED,
            ("You do not have the role for this", INVALID, "", ""),
            Code::CredentialTokenPermission,
        ),
        (
            403,
            JSON,
            (
                "You have insufficient permissions for this operation. Missing scopes: model.request.",
                INVALID,
                "",
                "",
            ),
            Code::CredentialTokenPermission,
        ),
        (
            403,
            JSON,
            ("This model is gated", INVALID, "", ""),
            Code::ProviderModelAccess,
        ),
        (
            400,
            JSON,
            ("The model `o9` does not exist", INVALID, "model", ""),
            Code::ProviderModelUnavailable,
        ),
        (
            400,
            JSON,
            (
                "The requested model 'o9' does not exist",
                INVALID,
                "model",
                "model_not_found",
            ),
            Code::ProviderModelUnavailable,
        ),
        (
            400,
            JSON,
            (
                "Invalid type for 'messages[0].content'",
                INVALID,
                "messages[0].content",
                "invalid_type",
            ),
            Code::ProviderRequestRejected,
        ),
        (
            400,
            JSON,
            (
                "Unsupported value: 'temperature' does not support 0.2 with this model.",
                INVALID,
                "temperature",
                "unsupported_value",
            ),
            Code::ProviderRequestRejected,
        ),
        (
            429,
            JSON,
            ("Slow down", "requests", "", "slow_down"),
            Code::ProviderRateLimited,
        ),
        (
            503,
            JSON,
            ("Slow down", "service_unavailable_error", "", "slow_down"),
            Code::ProviderOverloaded,
        ),
        (
            500,
            JSON,
            (
                "The server is overloaded",
                "server_error",
                "",
                "server_is_overloaded",
            ),
            Code::ProviderOverloaded,
        ),
        (
            504,
            JSON,
            ("stream timeout", "server_error", "", ""),
            Code::ProviderOverloaded,
        ),
        (
            529,
            JSON,
            ("Overloaded", "server_error", "", ""),
            Code::ProviderOverloaded,
        ),
    ];
    for (status, headers, (message, kind, param, error_code), expected) in table {
        let body = openai(message, kind, param, error_code);
        assert_eq!(
            code(OpenAi, *status, headers, &body),
            *expected,
            "{status} {body}"
        );
    }
    let page = "<html><head><title>Error</title></head></html>";
    assert_eq!(code(OpenAi, 500, HTML, page), Code::ProviderOverloaded);
    assert_eq!(code(OpenAi, 404, HTML, page), Code::EndpointPathMismatch);
}

/// Waiting helps with none of these.
#[test]
fn every_429_that_is_about_money() {
    for (kind, error_code) in [
        ("insufficient_quota", ""),
        ("insufficient_quota", "insufficient_quota"),
        ("billing", "billing_hard_limit_reached"),
        ("billing", "credit_balance_exhausted"),
        ("billing", "organization_spend_limit_exceeded"),
        ("billing", "project_spend_limit_exceeded"),
        ("billing", "organization_usage_limit_exceeded"),
    ] {
        let body = openai("A limit was reached.", kind, "", error_code);
        let failure = failure(OpenAi, false, 429, JSON, &body);
        assert_eq!(failure.code(), Code::ProviderCreditsExhausted, "{body}");
        let hint = &failure.hints().first().unwrap().text;
        assert!(hint.contains("waiting does not help"), "{hint}");
    }
}

#[test]
fn hugging_face_by_speaker_shape_and_words() {
    let no_permission = "This authentication method does not have sufficient permissions to call \
                         Inference Providers on behalf of org acme";
    let table: &[(u16, HeaderList, String, Code)] = &[
        (
            401,
            JSON,
            r#"{"error":"Invalid credentials in Authorization header"}"#.to_owned(),
            Code::CredentialTokenRejected,
        ),
        (
            403,
            JSON,
            format!(r#"{{"error":"{no_permission}"}}"#),
            Code::CredentialTokenPermission,
        ),
        // A company proxy or the edge, without JSON.
        (403, HTML, "<html>Access denied</html>".to_owned(), Code::ProviderRegionBlocked),
        (
            400,
            JSON,
            r#"{"error":"Model not supported by provider hf-inference"}"#.to_owned(),
            Code::ProviderModelUnavailable,
        ),
        // The retired host's variants.
        (410, HTML, "<html>Gone</html>".to_owned(), Code::EndpointGone),
        (404, TEXT, "Not Found".to_owned(), Code::EndpointPathMismatch),
        (308, HTML, "<html>Permanent Redirect</html>".to_owned(), Code::EndpointRedirected),
        // Recorded shapes of sub-providers.
        (
            400,
            NOVITA,
            r#"{"message":"messages[0].content must be a string","type":"invalid_request_error","param":"messages[0].content","code":"wrong_api_format"}"#
                .to_owned(),
            Code::ProviderRequestRejected,
        ),
        (
            400,
            NOVITA,
            r#"{"error":{"object":"error","message":"Extra inputs are not permitted, field: 'nonsense'","type":"invalid_request_error","code":"invalid_request_error","param":null}}"#
                .to_owned(),
            Code::ProviderRequestRejected,
        ),
        (
            400,
            NOVITA,
            r#"{"object":"error","message":"This model's maximum context length is 8192 tokens. However, you requested 9000 tokens","type":"BadRequestError","param":null,"code":400}"#
                .to_owned(),
            Code::ProviderContextTooLong,
        ),
        (
            404,
            NOVITA,
            r#"{"code":404,"reason":"MODEL_NOT_FOUND","message":"model not found","metadata":{}}"#
                .to_owned(),
            Code::ProviderModelUnavailable,
        ),
        // Neither the user's credits nor base URL.
        (
            402,
            NOVITA,
            r#"{"message":"Insufficient balance"}"#.to_owned(),
            Code::ProviderFailed,
        ),
        (
            404,
            NOVITA,
            r#"{"detail":"Not Found"}"#.to_owned(),
            Code::ProviderRequestRejected,
        ),
        (
            429,
            JSON,
            r#"{"error":"We had to rate limit you"}"#.to_owned(),
            Code::ProviderRateLimited,
        ),
        (
            500,
            JSON,
            r#"{"errors":[{"message":"Internal error"}]}"#.to_owned(),
            Code::ProviderFailed,
        ),
        (
            503,
            NOVITA,
            r#"{"detail":"Service unavailable"}"#.to_owned(),
            Code::ProviderOverloaded,
        ),
        (504, HTML, "<html>504</html>".to_owned(), Code::ProviderOverloaded),
    ];
    for (status, headers, body, expected) in table {
        assert_eq!(
            code(HuggingFace, *status, headers, body),
            *expected,
            "{status} {body}"
        );
    }
    // A missing permission is distinguished from a foreign organization, though both name one.
    let billed = format!(r#"{{"error":"{no_permission}"}}"#);
    let failure = failure(HuggingFace, true, 403, JSON, &billed);
    assert_eq!(failure.code(), Code::CredentialTokenPermission);
}

/// On the router the header identifies the speaker of the same body.
#[test]
fn the_speaker_is_named() {
    let body = r#"{"message":"Invalid API key","code":"invalid_api_key"}"#;
    let theirs = failure(HuggingFace, false, 401, NOVITA, body);
    assert_eq!(theirs.code(), Code::ProviderFailed);
    assert_eq!(
        theirs.first_cause().unwrap(),
        "sub-provider novita says: Invalid API key"
    );
    assert_eq!(
        theirs.context().get("served_by").map(String::as_str),
        Some("novita")
    );
    let yours = failure(HuggingFace, false, 401, JSON, body);
    assert_eq!(yours.code(), Code::CredentialTokenRejected);
    assert_eq!(
        yours.first_cause().unwrap(),
        "api.test says: Invalid API key"
    );
    assert_eq!(yours.context().get("served_by"), None);
}

/// The request id for support: the provider's own, else its edge's.
#[test]
fn a_request_id_is_kept_from_whoever_gave_one() {
    const ALL: HeaderList = &[
        ("x-request-id", "req_fake"),
        ("cf-ray", "ray-fake"),
        ("x-amz-cf-id", "cf-fake"),
    ];
    for (headers, expected) in [
        (ALL, Some("req_fake")),
        (&ALL[1..], Some("ray-fake")),
        (&ALL[2..], Some("cf-fake")),
        (&ALL[3..], None),
    ] {
        for provider in [OpenAi, HuggingFace] {
            let failure = failure(provider, false, 500, headers, "{}");
            assert_eq!(
                failure.context().get("request_id").map(String::as_str),
                expected
            );
        }
    }
}

#[test]
fn a_param_that_is_a_path_is_named() {
    let body = openai("Wrong type", INVALID, "messages[0].content", "invalid_type");
    let failure = failure(OpenAi, false, 400, JSON, &body);
    let hint = &failure.hints().first().unwrap().text;
    assert_eq!(hint, "change or remove `messages[0].content`");
}

/// Bodies sometimes contain more or less than an error.
#[test]
fn what_is_around_the_error_does_not_matter() {
    for body in [
        r#"{"error":{"message":"m","type":"t","param":null,"code":"model_not_found"},"status":404,"id":"x"}"#,
        r#"{"id":7,"error":{"code":"model_not_found"}}"#,
        r#"{"code":"model_not_found","message":null,"type":[],"param":{}}"#,
    ] {
        for provider in [OpenAi, HuggingFace] {
            assert_eq!(
                code(provider, 404, JSON, body),
                Code::ProviderModelUnavailable,
                "{body}"
            );
        }
    }
}

const LIMITED: HeaderList = &[
    ("content-type", "application/json"),
    ("x-ratelimit-limit-requests", "500"),
];
