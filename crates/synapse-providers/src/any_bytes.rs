//! Properties of all wire readers for arbitrary bytes, checked by the fuzz targets `answers`,
//! `errors` and `models`, and by tests on their seeds and goldens.

use synapse_core::BaseUrl;
use synapse_core::chat::ChatReply;
use synapse_core::error::{Class, Failure};
use synapse_core::provider::ProviderKind;
use synapse_core::redact::Redactor;

use crate::anthropic;
use crate::classify::{Answer, Asked, Headers, Problem, classify, classify_success};
use crate::clean::spare;
use crate::json::{self, Shape};
use crate::reply::finish;
use crate::wire::error::{error_within, has_answer};
use crate::wire::model::{MODELS, ModelInfo};
use crate::wire::{completion, foreign, stream};

/// Reads `bytes` as the answer to a prompt, on every wire and as a stream.
///
/// # Panics
/// If the answer contains the caller's secret.
pub fn answers(bytes: &[u8]) {
    let redactor = Redactor::for_secret(SECRET);
    for (shape, read, stated) in WIRES {
        if let Some(seen) = json::read(bytes, shape) {
            let mut reply = read(&seen.value).unwrap_or_else(|| stated(&seen.value));
            let others = completion::other_texts(&seen.value);
            finish(&mut reply, &seen, others, &redactor);
            assert_clean(&reply);
        }
        let mut reply = stream::stated(bytes, shape, stated);
        spare(&mut reply, &redactor);
        assert_clean(&reply);
    }
}

/// Reads `bytes` as an error response: status and content type on the first line, then the body.
///
/// # Panics
/// If the failure contains the caller's secret or a control character, is overlong, or blames
/// Synapse.
pub fn errors(bytes: &[u8]) {
    let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
    let head = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let (status, content_type) = head.split_once(' ').unwrap_or((&head, ""));
    let body = lines.next().unwrap_or_default();
    let redactor = Redactor::for_secret(SECRET);
    let Ok(base_url) = "https://provider.test/v1".parse::<BaseUrl>() else {
        return;
    };
    let headers = OneHeader(content_type.to_owned());
    // The input's length selects the provider.
    let provider = bytes.len() % ProviderKind::ALL.len();
    if let Some(provider) = ProviderKind::ALL.get(provider).copied() {
        let mut answer = Answer {
            provider,
            asked: Asked::Model("vendor/model"),
            account: false,
            credential: true,
            base_url: &base_url,
            host: "provider.test",
            url: "https://provider.test/v1/chat/completions",
            status: status.parse().unwrap_or(400),
            headers: &headers,
            body,
            redactor: &redactor,
        };
        assert_shown(&classify(&answer));
        answer.status = 200;
        for problem in [
            Problem::Stream,
            Problem::Empty,
            Problem::NoChoice,
            Problem::Shape,
        ] {
            assert_shown(&classify_success(&answer, problem));
        }
        answer.asked = Asked::Identity;
        assert_shown(&classify(&answer));
    }
    if let Some(seen) = json::read(body, &json::WHOLE) {
        let _: (bool, bool) = (has_answer(&seen.value), error_within(&seen.value).is_some());
    }
}

/// Reads `bytes` as a list of models on each wire.
///
/// # Panics
/// If a model has no id or an unprintable one.
pub fn models(bytes: &[u8]) {
    let Some(seen) = json::read(bytes, &MODELS) else {
        return;
    };
    let redactor = Redactor::for_secret(SECRET);
    let lists = [
        ModelInfo::read_list(&seen.value),
        ModelInfo::read_bare_list(&seen.value),
        ModelInfo::read_tags(&seen.value),
    ];
    for list in lists.into_iter().flatten() {
        for model in ModelInfo::listed(&list.models, &redactor) {
            assert_text(&model.id);
        }
    }
    for id in anthropic::listed_ids(&seen, &redactor) {
        assert_text(&id);
    }
}

/// The readers of a wire: its shape, its answer, and its facts about a failed call.
type WireReader = (
    &'static Shape,
    fn(&serde_json::Value) -> Option<ChatReply>,
    fn(&serde_json::Value) -> ChatReply,
);

const WIRES: [WireReader; 2] = [
    (
        &completion::COMPLETION,
        |value| {
            let mut reply = completion::read(value).ok()?;
            foreign::fill_in(&mut reply, value);
            Some(reply)
        },
        foreign::stated,
    ),
    (
        anthropic::MESSAGE_SHAPE,
        anthropic::read_message,
        anthropic::stated_message,
    ),
];

#[derive(Debug)]
struct OneHeader(String);

impl Headers for OneHeader {
    fn text(&self, name: &str) -> Option<&str> {
        (name == "content-type").then_some(&self.0)
    }
}

fn assert_clean(reply: &ChatReply) {
    let shown = format!("{reply:?}");
    assert!(!shown.contains(SECRET), "{shown}");
    let words = [
        reply.model.as_deref(),
        reply.finish_reason.as_ref().map(|reason| reason.as_str()),
    ];
    words.into_iter().flatten().for_each(assert_text);
    reply.warnings.iter().for_each(assert_shown);
}

fn assert_shown(failure: &Failure) {
    assert_ne!(failure.code().class(), Class::Internal, "{failure:?}");
    assert_text(failure.message());
    failure.causes().iter().for_each(|cause| assert_text(cause));
    failure
        .hints()
        .iter()
        .for_each(|hint| assert_text(&hint.text));
    failure
        .context()
        .values()
        .for_each(|fact| assert_text(fact));
}

fn assert_text(text: &str) {
    assert!(!text.contains(SECRET), "{text}");
    assert!(!text.contains(char::is_control), "{text:?}");
    assert!(text.chars().count() < 2000, "{text}");
}

/// A made-up token, contained in the seeds and thus in fuzzed inputs.
const SECRET: &str = "fake-secret-Zq7Xw2Lk9Pv4Rt8Ny3Mb6";

#[cfg(test)]
mod tests {
    use synapse_testkit::any_bytes::hold;

    use super::*;

    #[test]
    fn any_answer_is_read_as_far_as_it_goes() {
        hold("answers", answers);
    }

    #[test]
    fn any_error_is_told_without_the_secret() {
        hold("errors", errors);
    }

    #[test]
    fn any_list_of_models_is_read() {
        hold("models", models);
    }
}
