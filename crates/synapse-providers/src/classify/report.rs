//! Renders a verdict as a failure: the provider's cleaned message and structured facts.

use synapse_core::error::{Code, Failure};
use synapse_core::provider::ProviderKind;

use super::facts::{MAX_FACT, MAX_WORDS, location, retry_after};
use super::request_id;
use super::{Answer, Classification, anthropic, remedy};
use crate::wire::error::{BodyFormat, ErrorBody};

/// The failure of a verdict.
pub(super) fn failure(answer: &Answer<'_>, body: &ErrorBody, verdict: Classification) -> Failure {
    let mut failure = Failure::new(verdict.code, verdict.message)
        .with("host", answer.host)
        .with("http_status", answer.status);
    if let Some(words) = words(answer, body) {
        failure = failure.cause(words);
    }
    if let Some(passed_on) = passed_on(answer, body) {
        failure = failure.cause(passed_on);
    }
    failure = failure.cause(facts(answer, body));
    if let Some(limits) = limits(answer) {
        failure = failure.cause(limits);
    }
    for (key, value) in machine_facts(answer, body, verdict.code) {
        failure = failure.with(key, answer.redactor.clean(&value, MAX_FACT));
    }
    if let Some(name) = served_by(answer, body) {
        failure = failure.of_sub_provider(answer.redactor.clean(&name, MAX_FACT));
    }
    if verdict.token_cap {
        failure = failure.at_token_cap();
    }
    remedy::add(failure, answer, body)
}

/// The provider's message: limited, printable, without the secret. HTML is never shown.
fn words(answer: &Answer<'_>, body: &ErrorBody) -> Option<String> {
    let speaker = speaker(answer);
    match (&body.message, body.format) {
        (Some(message), _) => Some(format!(
            "{speaker} says: {}",
            answer.redactor.clean(message, MAX_WORDS)
        )),
        (None, BodyFormat::Html) => Some(format!("{speaker} answered with an HTML page")),
        (None, BodyFormat::Empty) => Some(format!("{speaker} answered without a body")),
        (None, BodyFormat::Json | BodyFormat::Text) => None,
    }
}

/// The sub-provider's message forwarded by a router.
fn passed_on(answer: &Answer<'_>, body: &ErrorBody) -> Option<String> {
    let upstream = body.upstream.as_ref()?;
    let name = answer.redactor.clean(&upstream.name, 40);
    Some(match &upstream.message {
        Some(message) => format!(
            "sub-provider {name} says: {}",
            answer.redactor.clean(message, MAX_WORDS)
        ),
        None => format!("sub-provider {name} says nothing more"),
    })
}

fn speaker(answer: &Answer<'_>) -> String {
    match answer.headers.text("x-inference-provider") {
        Some(name) if answer.provider == ProviderKind::HuggingFace => {
            format!("sub-provider {}", answer.redactor.clean(name, 40))
        }
        _ => answer.host.to_owned(),
    }
}

fn facts(answer: &Answer<'_>, body: &ErrorBody) -> String {
    let mut facts = format!("HTTP {} from {}", answer.status, answer.url);
    for (name, value) in [
        ("code", &body.code),
        ("type", &body.kind),
        ("param", &body.param),
        ("request id", &request_id(answer.headers)),
    ] {
        if let Some(value) = value {
            facts.push_str(&format!(
                ", {name} {}",
                answer.redactor.clean(value, MAX_FACT)
            ));
        }
    }
    facts
}

/// The remaining limits, if one was exceeded and the provider reports them.
fn limits(answer: &Answer<'_>) -> Option<String> {
    match (answer.provider, answer.status) {
        (ProviderKind::Anthropic, 429) => {
            let told = anthropic::limits(answer.headers)?;
            Some(answer.redactor.clean(&told, MAX_WORDS))
        }
        _ => None,
    }
}

fn machine_facts(answer: &Answer<'_>, body: &ErrorBody, code: Code) -> Vec<(&'static str, String)> {
    // Where waiting helps.
    let waits = matches!(code, Code::ProviderRateLimited | Code::ProviderOverloaded);
    let facts = [
        ("provider_code", body.code.clone()),
        ("provider_type", body.kind.clone()),
        ("param", body.param.clone()),
        ("request_id", request_id(answer.headers)),
        ("location", location(answer)),
        ("retry_after", retry_after(answer, body).filter(|_| waits)),
    ];
    facts
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .collect()
}

/// The sub-provider that answered: from its header or the forwarded error.
fn served_by(answer: &Answer<'_>, body: &ErrorBody) -> Option<String> {
    let header = answer.headers.text("x-inference-provider");
    let upstream = body.upstream.as_ref().map(|upstream| &*upstream.name);
    header.or(upstream).map(str::to_owned)
}
