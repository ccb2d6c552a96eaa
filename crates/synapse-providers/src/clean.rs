//! Removes the secret from an answer, and renders its unreadable parts as a warning.

use std::borrow::Cow;

use serde_json::Value;
use synapse_core::chat::{ChatReply, FinishReason};
use synapse_core::error::{Code, Failure};
use synapse_core::redact::Redactor;
use synapse_core::secret::BoundSecret;

use crate::json::Flaws;
use crate::wire::MAX_WORD;

/// The warning about unreadable parts, if any.
pub(crate) fn partly_read(message: &str, flaws: Vec<String>) -> Option<Failure> {
    (!flaws.is_empty()).then(|| {
        let failure = Failure::new(Code::ProviderPartlyUnreadable, message);
        flaws.into_iter().fold(failure, Failure::cause)
    })
}

/// Descriptions of unreadable parts, cleaned because they contain the server's names.
pub(crate) fn flaws(flaws: &Flaws, redactor: &Redactor) -> Vec<String> {
    let sentences = flaws.sentences().into_iter();
    sentences
        .map(|sentence| redactor.clean(&sentence, MAX_SENTENCE))
        .collect()
}

/// Removes the secret from an answer, and cleans the parts for receipts.
pub(crate) fn spare(reply: &mut ChatReply, redactor: &Redactor) {
    for text in texts(reply) {
        if let Cow::Owned(clean) = redactor.spare(text) {
            *text = clean;
        }
    }
    reply.model = reply
        .model
        .take()
        .map(|model| redactor.clean(&model, MAX_WORD));
    reply.finish_reason = reply
        .finish_reason
        .take()
        .map(|reason| FinishReason::new(redactor.clean(reason.as_str(), MAX_WORD)));
}

/// The texts of an answer.
fn texts(reply: &mut ChatReply) -> Vec<&mut String> {
    let mut texts: Vec<&mut String> =
        [&mut reply.content, &mut reply.reasoning, &mut reply.refusal]
            .into_iter()
            .flatten()
            .collect();
    for call in &mut reply.tool_calls {
        texts.extend(&mut call.id);
        texts.extend([&mut call.name, &mut call.arguments]);
        for value in call.extra.values_mut() {
            strings(value, &mut texts);
        }
    }
    texts
}

/// The strings inside a JSON value, except keys.
fn strings<'a>(value: &'a mut Value, texts: &mut Vec<&'a mut String>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter_mut().for_each(|item| strings(item, texts)),
        Value::Object(members) => members.values_mut().for_each(|item| strings(item, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A redactor for `secret`, or for tokens and control characters if there is none.
pub(crate) fn redactor(secret: Option<&BoundSecret>) -> Redactor {
    secret.map_or_else(Redactor::none, BoundSecret::redactor)
}

const MAX_SENTENCE: usize = 240;
