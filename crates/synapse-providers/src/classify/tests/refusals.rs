//! Refusals in envelopes the API does not have: one meaning, with a 200 as well.

use serde_json::{Value, json};

use super::matrix::answered;
use super::*;
use crate::classify::{Problem, classify_success};

/// The same words in every known envelope.
#[test]
fn a_refusal_is_read_in_any_envelope() {
    let words = "insufficient credits";
    for body in [
        json!({"ok": false, "message": words}),
        json!({"ok": false, "error": words}),
        json!({"err": words}),
        json!({"error": {"code": "x1", "description": words}}),
        json!({"error": {"message": {"text": words}}}),
        json!({"errors": {"base": [words]}}),
        json!({"errors": words}),
        json!({"fault": {"faultstring": words, "detail": {"errorcode": "x"}}}),
        json!({"status": "failed", "message": words}),
        json!({"status": "FAILURE", "reason": words}),
        json!({"data": {"error": {"message": words}}}),
        json!({"response": {"error": {"message": words}}}),
        json!({"header": {"code": 11203, "message": words}, "payload": null}),
        json!({"name": "InsufficientBalanceError", "message": "no"}),
        json!({"error": {"name": "InsufficientBalanceError", "message": "no"}}),
        json!({"error": {"code": ["insufficient_quota"], "message": "no"}}),
        json!({"code": 403, "reason": "NOT_ENOUGH_BALANCE", "message": "no"}),
        json!({"error": {"message": "NOT_ENOUGH_BALANCE"}}),
        json!({"choices": [{}], "error": {"message": words}}),
        json!({"choices": [null], "error": {"message": words}}),
        json!({"choices": [{"message": null, "finish_reason": null}], "error": {"message": words}}),
        json!({"choices": [{"message": {"content": ""}, "finish_reason": "error"}],
            "error": {"message": words}}),
    ] {
        for status in [200, 400, 500] {
            let code = answered(ProviderKind::OpenAiCompatible, status, &body);
            assert_eq!(code, Code::ProviderCreditsExhausted, "{status} {body}");
        }
    }
}

/// A status in the body, under any name.
#[test]
fn a_stated_status_counts_under_any_name() {
    for (body, code) in [
        (
            json!({"statusCode": 429, "message": "no"}),
            Code::ProviderRateLimited,
        ),
        (
            json!({"statusCode": 401, "message": "no"}),
            Code::CredentialTokenRejected,
        ),
        (
            json!({"statusCode": 503, "message": "no"}),
            Code::ProviderOverloaded,
        ),
        (
            json!({"status": 402, "title": "Payment Required", "type": "about:blank"}),
            Code::ProviderCreditsExhausted,
        ),
    ] {
        assert_eq!(said(&body), code, "{body}");
    }
}

/// A body that is neither an answer nor an error is judged by its words.
#[test]
fn a_body_of_no_known_shape_means_what_it_says() {
    for (body, code) in [
        (
            json!({"message": "insufficient credits"}),
            Code::ProviderCreditsExhausted,
        ),
        (
            json!({"error_code": 18, "error_msg": "Open api qps request limit reached"}),
            Code::ProviderRateLimited,
        ),
        (json!({"info": {"x": 1}}), Code::ProviderBadResponse),
        (json!({"message": "hello"}), Code::ProviderBadResponse),
    ] {
        assert_eq!(said(&body), code, "{body}");
    }
}

/// An answer with an error beside it is an answer.
#[test]
fn an_answer_outweighs_an_error_beside_it() {
    for body in [
        json!({"choices": [{"message": {"content": "ok"}}], "error": {"message": "partly"}}),
        json!({"choices": [{"message": {"reasoning": "ok"}}], "error": "partly"}),
        json!({"choices": [{"message": {"content": ""}, "finish_reason": "stop"}], "code": 5,
            "message": "fine"}),
        json!({"data": {"choices": [{"message": {"content": "ok"}}], "error": "partly"}}),
    ] {
        assert_eq!(error_within(&body), None, "{body}");
    }
}

/// Judges a 200 without an answer.
fn said(body: &Value) -> Code {
    let answer = |judge: &dyn Fn(&Answer<'_>) -> Code| {
        judge(&Answer {
            provider: ProviderKind::OpenAiCompatible,
            asked: Asked::Model("m"),
            account: false,
            credential: true,
            base_url: &own_base(),
            host: "api.test",
            url: "https://api.test/v1/chat/completions",
            status: 200,
            headers: &Pairs(JSON),
            body: body.to_string().as_bytes(),
            redactor: &Redactor::for_secret("fake-secret-value"),
        })
    };
    answer(&|answer| match error_within(body) {
        Some(error) => classify_within(answer, error).code(),
        None => classify_success(answer, Problem::Shape).code(),
    })
}
