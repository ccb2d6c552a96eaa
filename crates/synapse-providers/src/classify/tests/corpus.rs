//! Real and realistic refusals of the vendors, gateways and local servers, one a line: provider,
//! status, expected code, content type and body. Their wordings are from the vendors' error
//! references, public reports and the sources of the open servers.

use super::*;

#[test]
fn every_recorded_refusal_has_its_code() {
    let mut wrong = Vec::new();
    for line in CORPUS.lines() {
        let (provider, status, expected, content_type, body): (
            String,
            u16,
            String,
            String,
            String,
        ) = serde_json::from_str(line).unwrap();
        let code = judged(&provider, status, &content_type, &body);
        if code.as_str() != expected {
            wrong.push(format!("{} instead of {expected}: {line}", code.as_str()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A table that shrinks unnoticed proves nothing.
#[test]
fn the_corpus_is_large() {
    assert!(CORPUS.lines().count() >= 450);
}

fn judged(provider: &str, status: u16, content_type: &str, body: &str) -> Code {
    let provider: ProviderKind = provider.parse().unwrap();
    let headers = match content_type {
        "text/plain" => TEXT,
        "text/html" => HTML,
        _ => JSON,
    };
    let answer = Answer {
        provider,
        asked: Asked::Model("m-1"),
        account: false,
        credential: true,
        base_url: &provider.profile().base_url_example.parse().unwrap(),
        host: "api.test",
        url: "https://api.test/v1/chat/completions",
        status,
        headers: &Pairs(headers),
        body: body.as_bytes(),
        redactor: &Redactor::for_secret("fake-secret-value"),
    };
    if !(200..300).contains(&status) {
        return classify(&answer).code();
    }
    let json = serde_json::from_str(body).unwrap_or_default();
    match error_within(&json) {
        Some(error) => classify_within(&answer, error).code(),
        None => classify_success(&answer, Problem::Shape).code(),
    }
}

const CORPUS: &str = include_str!("corpus.jsonl");
