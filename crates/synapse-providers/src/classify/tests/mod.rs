//! The content of failures: the provider's message without the secret, facts and remedies. Expected
//! codes are in the tables of `usual` and `rows`.

use serde_json::json;
use synapse_core::error::Code;
use synapse_core::provider::ProviderKind::{self, HuggingFace, OpenAi};
use synapse_core::redact::Redactor;

use super::*;
use crate::wire::error::error_within;

mod clues;
mod corpus;
mod echoes;
mod hints;
mod matrix;
mod refusals;
mod rows;
mod usual;

type HeaderList = &'static [(&'static str, &'static str)];

#[derive(Debug)]
struct Pairs(HeaderList);

impl Headers for Pairs {
    fn text(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| *value)
    }
}

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const TEXT: &[(&str, &str)] = &[("content-type", "text/plain; charset=utf-8")];
const HTML: &[(&str, &str)] = &[("content-type", "text/html")];
const NOVITA: &[(&str, &str)] = &[
    ("content-type", "application/json"),
    ("x-inference-provider", "novita"),
];
const KNOWN: &[(&str, &str)] = &[
    ("content-type", "application/json"),
    ("openai-organization", "org-fake"),
];

/// The default base URL of an answer.
fn own_base() -> BaseUrl {
    "https://api.test/v1".parse().unwrap()
}

fn failure(
    provider: ProviderKind,
    account: bool,
    status: u16,
    headers: HeaderList,
    body: &str,
) -> Failure {
    classify(&Answer {
        provider,
        asked: Asked::Model("org/some-model:novita"),
        account,
        credential: true,
        base_url: &own_base(),
        host: "api.test",
        url: "https://api.test/v1/chat/completions",
        status,
        headers: &Pairs(headers),
        body: body.as_bytes(),
        redactor: &Redactor::for_secret("fake-secret-value"),
    })
}

/// The failure for an answer of a local Ollama, without a credential.
fn of_ollama(status: u16, body: &str) -> Failure {
    classify(&Answer {
        provider: ProviderKind::Ollama,
        asked: Asked::Model("m"),
        account: false,
        credential: false,
        base_url: &"http://127.0.0.1:11434/v1".parse().unwrap(),
        host: "127.0.0.1:11434",
        url: "http://127.0.0.1:11434/v1/chat/completions",
        status,
        headers: &Pairs(JSON),
        body: body.as_bytes(),
        redactor: &Redactor::none(),
    })
}

fn code(provider: ProviderKind, status: u16, headers: HeaderList, body: &str) -> Code {
    failure(provider, false, status, headers, body).code()
}

fn openai(message: &str, kind: &str, param: &str, code: &str) -> String {
    let optional = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let error = serde_json::json!({
        "message": message, "type": kind, "param": optional(param), "code": optional(code),
    });
    serde_json::json!({ "error": error }).to_string()
}

#[test]
fn the_providers_words_are_kept_without_the_secret_and_without_html() {
    let body = openai(
        "Incorrect API key provided: fake-secret-value\u{1b}[2J",
        "t",
        "",
        "invalid_api_key",
    );
    let rejected = failure(OpenAi, false, 401, JSON, &body);
    let words = rejected.first_cause().unwrap();
    assert!(
        words.contains("[redacted]") && !words.contains("fake-secret"),
        "{words}"
    );
    assert!(!words.contains('\u{1b}'), "{words}");
    assert_eq!(
        rejected.context().get("provider_code").map(String::as_str),
        Some("invalid_api_key")
    );

    let page = failure(OpenAi, false, 502, HTML, "<html>internal host names</html>");
    assert!(!format!("{page:?}").contains("internal host"), "{page:?}");

    let long = failure(
        OpenAi,
        false,
        400,
        JSON,
        &openai(&"x".repeat(10_000), "t", "", ""),
    );
    assert!(
        long.causes()
            .iter()
            .all(|cause| cause.chars().count() < 400)
    );
}

#[test]
fn a_redirect_names_its_target_without_the_query() {
    const TO: &[(&str, &str)] = &[("location", "https://user:pw@other.test/v1/x?key=fake#f")];
    let failure = failure(OpenAi, false, 307, TO, "");
    let location = failure.context().get("location").map(String::as_str);
    assert_eq!(location, Some("https://other.test/v1/x"));
}

#[test]
fn retry_after_is_shown_where_it_means_something() {
    const WAIT: &[(&str, &str)] = &[("content-type", "application/json"), ("retry-after", "7")];
    let throttled = failure(OpenAi, false, 429, WAIT, "{}");
    assert_eq!(
        throttled.context().get("retry_after").map(String::as_str),
        Some("7")
    );
    assert!(
        throttled
            .hints()
            .iter()
            .any(|hint| hint.text.contains("7 s"))
    );
    const UNTIL: &[(&str, &str)] = &[("retry-after", "Fri, 20 Nov 2026 12:00:00 GMT")];
    let hints = format!("{:?}", failure(OpenAi, false, 429, UNTIL, "{}").hints());
    let until = "wait until Fri, 20 Nov 2026 12:00:00 GMT";
    assert!(hints.contains(until), "{hints}");
    let refused = failure(OpenAi, false, 401, WAIT, "{}");
    assert_eq!(refused.context().get("retry_after"), None);
}

/// A status within a success counts only if it is an error status.
#[test]
fn an_error_within_a_success_has_the_status_that_it_states() {
    for (stated, code) in [
        (json!(429), Code::ProviderRateLimited),
        (json!("503"), Code::ProviderOverloaded),
        (json!(200), Code::ProviderFailed),
        (json!(307), Code::ProviderFailed),
        (json!("broken"), Code::ProviderFailed),
    ] {
        let holder = json!({"error": {"message": "m", "code": stated}});
        let answer = Answer {
            provider: ProviderKind::Together,
            asked: Asked::Model("a/b"),
            account: false,
            credential: true,
            base_url: &own_base(),
            host: "api.test",
            url: "https://api.test/v1/chat/completions",
            status: 200,
            headers: &Pairs(JSON),
            body: &[],
            redactor: &Redactor::for_secret("fake-secret-value"),
        };
        assert_eq!(classify_within(&answer, &holder).code(), code, "{stated}");
    }
}

#[test]
fn a_probe_that_ran_into_its_cap_is_marked() {
    let body = openai(
        "Could not finish the message because max_tokens or model output limit was reached.",
        "invalid_request_error",
        "",
        "",
    );
    assert!(failure(OpenAi, false, 400, JSON, &body).reached_token_cap());
}

/// The path of the request is no word about a model, and a short name is not in every word.
#[test]
fn a_path_that_is_echoed_names_no_model() {
    let judged = |text: &str| {
        let body = openai(text, "invalid_request_error", "", "unknown_url");
        code(ProviderKind::Groq, 404, JSON, &body)
    };
    for text in [
        "Unknown request URL: GET /v2/models. Please check the URL for typos",
        "no route /v1/models",
        "No static resource v1/models.",
        "Cannot GET https://api.test/v2/models/list",
    ] {
        assert_eq!(judged(text), Code::EndpointPathMismatch, "{text}");
        let body = openai(text, "", "", "");
        assert_eq!(
            of_ollama(404, &body).code(),
            Code::EndpointPathMismatch,
            "{text}"
        );
    }
    for text in [
        "The model does not exist",
        "Unknown model at /v1/chat/completions",
        "no such thing: org/some-model:novita",
    ] {
        assert_eq!(judged(text), Code::ProviderModelUnavailable, "{text}");
    }
    let named = openai("`m` was not found", "", "", "");
    assert_eq!(
        of_ollama(404, &named).code(),
        Code::ProviderModelUnavailable
    );
}
