//! Every known code, shape, status and preset gives one verdict.

use serde_json::{Value, json};

use super::*;

const STATUSES: [u16; 8] = [200, 400, 401, 403, 404, 429, 500, 503];

/// One test per code, in its vendor's spelling.
macro_rules! codes {
    ($($name:ident $code:literal $expected:ident;)+) => {
        $(
            #[test]
            fn $name() {
                is_the_same_everywhere($code, Code::$expected);
            }
        )+
    };
}

codes! {
    insufficient_quota "insufficient_quota" ProviderCreditsExhausted;
    billing_not_active "billing_not_active" ProviderCreditsExhausted;
    billing_hard_limit_reached "billing_hard_limit_reached" ProviderCreditsExhausted;
    budget_exceeded "budget_exceeded" ProviderCreditsExhausted;
    quota_exceeded "quota_exceeded" ProviderCreditsExhausted;
    arrearage "Arrearage" ProviderCreditsExhausted;
    account_overdue_error "AccountOverdueError" ProviderCreditsExhausted;
    insufficient_user_quota "insufficient_user_quota" ProviderCreditsExhausted;
    number_1113 "1113" ProviderCreditsExhausted;
    context_length_exceeded "context_length_exceeded" ProviderContextTooLong;
    exceed_context_size_error "exceed_context_size_error" ProviderContextTooLong;
    model_not_found "model_not_found" ProviderModelUnavailable;
    deployment_not_found "DeploymentNotFound" ProviderModelUnavailable;
    model_decommissioned "model_decommissioned" ProviderModelUnavailable;
    model_terms_required "model_terms_required" ProviderModelAccess;
    organization_restricted "organization_restricted" CredentialTokenRejected;
    invalid_api_key "invalid_api_key" CredentialTokenRejected;
    rate_limit_exceeded "rate_limit_exceeded" ProviderRateLimited;
    throttling_rate_quota "Throttling.RateQuota" ProviderRateLimited;
    content_filter "content_filter" ProviderRequestRejected;
}

fn is_the_same_everywhere(code: &str, expected: Code) {
    let mut trials = 0;
    for (shape, body) in shapes(code) {
        let text = body.to_string();
        for provider in ProviderKind::ALL {
            for status in STATUSES {
                // OpenAI's code for a model that a project may not use.
                let expected = match (code, provider, status) {
                    ("model_not_found", OpenAi, 403) => Code::ProviderModelAccess,
                    _ => expected,
                };
                let stated = match status {
                    200 => ErrorBody::from_json(error_within(&body).unwrap()),
                    _ => ErrorBody::read(Some("application/json"), text.as_bytes()),
                };
                let judged = judged(provider, status, &text, |answer| {
                    verdict(answer, &stated).code
                });
                assert_eq!(
                    judged, expected,
                    "{code} at {status} of {provider}, {shape}: {body}"
                );
                trials += 1;
            }
        }
    }
    assert_eq!(trials, 17 * 16 * 8, "a part of the matrix was lost");
}

/// Bodies with a code in every known shape.
fn shapes(code: &str) -> Vec<(&'static str, Value)> {
    let words = "It did not work.";
    let error = json!({"message": words, "code": code});
    vec![
        ("error.code", json!({"error": error})),
        (
            "error.type",
            json!({"error": {"message": words, "type": code}}),
        ),
        (
            "beside choices: null",
            json!({"choices": null, "error": error}),
        ),
        (
            "beside choices: []",
            json!({"id": "x", "choices": [], "error": error}),
        ),
        ("in a list", json!([{"error": error}])),
        (
            "object: error",
            json!({"object": "error", "message": words, "code": code}),
        ),
        ("code and message", json!({"code": code, "message": words})),
        (
            "code and msg",
            json!({"code": code, "msg": words, "data": null}),
        ),
        (
            "error_code and error_msg",
            json!({"error_code": code, "error_msg": words}),
        ),
        ("a string and a code", json!({"error": words, "code": code})),
        (
            "a string and a type",
            json!({"error": words, "error_type": code}),
        ),
        (
            "detail",
            json!({"detail": {"message": words, "code": code}}),
        ),
        (
            "errors",
            json!({"success": false, "errors": [{"code": code, "message": words}]}),
        ),
        (
            "success: false",
            json!({"success": false, "code": code, "message": words}),
        ),
        (
            "type: error",
            json!({"type": "error", "error": {"type": code, "message": words}}),
        ),
        ("nested", json!({"error": {"error": error}})),
        (
            "as text",
            json!({"error": json!({"error": error}).to_string()}),
        ),
    ]
}

pub(super) fn answered(provider: ProviderKind, status: u16, body: &Value) -> Code {
    judged(provider, status, &body.to_string(), |answer| match status {
        200 => {
            let within = error_within(body);
            let error = within.unwrap_or_else(|| panic!("no error is seen in {body}"));
            classify_within(answer, error).code()
        }
        _ => classify(answer).code(),
    })
}

/// The verdict on an answer from the provider's own server, to a call with a credential.
fn judged(
    provider: ProviderKind,
    status: u16,
    body: &str,
    judge: impl FnOnce(&Answer<'_>) -> Code,
) -> Code {
    judge(&Answer {
        provider,
        asked: Asked::Model("org/some-model"),
        account: false,
        credential: true,
        base_url: &provider.profile().base_url_example.parse().unwrap(),
        host: "api.test",
        url: "https://api.test/v1/chat/completions",
        status,
        headers: &Pairs(JSON),
        body: body.as_bytes(),
        redactor: &Redactor::for_secret("fake-secret-value"),
    })
}

/// MiniMax has its own numbers, recognised by their envelope.
#[test]
fn the_numbers_of_base_resp_are_its_own() {
    for (number, code) in [
        (1002, Code::ProviderRateLimited),
        (1004, Code::CredentialTokenRejected),
        (1008, Code::ProviderCreditsExhausted),
        (1039, Code::ProviderRateLimited),
        (1027, Code::ProviderRequestRejected),
        (2061, Code::ProviderModelAccess),
        (1000, Code::ProviderFailed),
    ] {
        let resp = json!({"status_code": number, "status_msg": "no"});
        for body in [
            json!({"base_resp": resp}),
            json!({"id": "", "choices": null, "base_resp": resp}),
        ] {
            for provider in ProviderKind::ALL {
                for status in [200, 500] {
                    assert_eq!(answered(provider, status, &body), code, "{provider} {body}");
                }
            }
        }
    }
    assert_eq!(
        error_within(&json!({"choices": [{"message": {"content": "ok"}}],
            "base_resp": {"status_code": 1008}})),
        None
    );
    assert_eq!(
        error_within(&json!({"choices": [], "base_resp": {"status_code": 0, "status_msg": ""}})),
        None
    );
}

/// A numeric code that is a status counts where it is more specific than the received one.
#[test]
fn a_stated_status_counts_where_it_says_more() {
    for (status, stated, code) in [
        (200, 400, Code::ProviderRequestRejected),
        (200, 401, Code::CredentialTokenRejected),
        (200, 429, Code::ProviderRateLimited),
        (200, 503, Code::ProviderOverloaded),
        (400, 429, Code::ProviderRateLimited),
        (500, 429, Code::ProviderRateLimited),
        (500, 401, Code::CredentialTokenRejected),
        (429, 400, Code::ProviderRateLimited),
        (401, 500, Code::CredentialTokenRejected),
    ] {
        for body in [
            json!({"code": stated, "message": "no"}),
            json!({"error": {"code": stated.to_string(), "message": "no"}}),
            json!({"error": {"http_code": stated.to_string(), "message": "no"}}),
            json!({"status": stated, "title": "no", "detail": "no"}),
        ] {
            assert_eq!(
                answered(ProviderKind::Together, status, &body),
                code,
                "{body}"
            );
        }
    }
}

/// Bodies that are successful answers.
#[test]
fn an_answer_is_no_error() {
    for body in [
        json!({"choices": [{"message": {"content": "ok"}}], "error": null}),
        json!({"choices": [{"message": {"content": "ok"}}], "code": 0, "message": "ok"}),
        json!({"object": "list", "data": []}),
        json!({"models": []}),
        json!({"data": [{"id": "m"}], "error": {"message": "partly"}}),
        json!({"id": "m", "object": "model", "status": "live"}),
        json!({"type": "message", "role": "assistant", "content": []}),
        json!({"type": "user", "name": "someone", "auth": {}}),
        json!({"code": 0, "message": "success", "data": {}}),
        json!({"success": true, "errors": [], "result": {}}),
        json!({"error": false, "message": "fine"}),
        json!([]),
        json!("text"),
    ] {
        assert_eq!(error_within(&body), None, "{body}");
    }
}

/// Google also states the limit in the details.
#[test]
fn a_limit_of_zero_is_no_rate() {
    for (details, code) in [
        (
            json!([{"metadata": {"quota_limit_value": "0"}}]),
            Code::ProviderCreditsExhausted,
        ),
        (
            json!([{"metadata": {"quota_limit_value": "20"}}]),
            Code::ProviderRateLimited,
        ),
        (
            json!([{"violations": [{"quotaValue": "0"}]}, {"retryDelay": "12s"}]),
            Code::ProviderCreditsExhausted,
        ),
        (json!([{"retryDelay": "12s"}]), Code::ProviderRateLimited),
    ] {
        let body = json!({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED",
            "message": "You exceeded your current quota, please check your plan and billing details.",
            "details": details}});
        assert_eq!(answered(ProviderKind::Gemini, 429, &body), code, "{body}");
    }
}

/// The same refusal without a token says nothing about a token.
#[test]
fn without_a_token_nothing_is_a_matter_of_one() {
    let judged = |status, body: &str| of_ollama(status, body).code();
    let subscription = r#"{"error":{"message":"a subscription is needed for the cloud"}}"#;
    assert_eq!(judged(403, subscription), Code::ProviderModelAccess);
    assert_eq!(judged(401, subscription), Code::ProviderModelAccess);
    assert_eq!(
        judged(403, r#"{"error":"no"}"#),
        Code::ProviderRequestRejected
    );
    assert_eq!(
        judged(401, r#"{"error":"no"}"#),
        Code::CredentialTokenRejected
    );
}
