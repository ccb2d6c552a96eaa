//! Handling of prompts and answers shared by the chat completions adapters. Knows no provider.

use std::borrow::Cow;

use serde_json::Value;
use synapse_core::chat::{ChatReply, ChatRequest, FinishReason};
use synapse_core::error::{Code, Failure};
use synapse_core::redact::Redactor;
use synapse_core::secret::BoundSecret;

use crate::classify::{Asked, Problem};
use crate::json::{Flaws, Seen};
use crate::send::{Call, Reader, Sender};
use crate::wire::completion::COMPLETION;
use crate::wire::request::{Dialect, body};
use crate::wire::{MAX_WORD, completion};

/// The request for a completion.
///
/// # Errors
/// Same as [`body`].
pub(crate) fn completion_call<'a>(
    sender: &Sender,
    dialect: Dialect,
    secret: Option<&'a BoundSecret>,
    request: &'a ChatRequest,
) -> Result<Call<'a>, Failure> {
    let url = sender.url(&["chat", "completions"]);
    let asked = Asked::Model(request.model.as_str());
    body(dialect, request).map(|body| Call::post(url, secret, asked, body))
}

/// Reads a completion.
///
/// Only the secret itself, if echoed, is removed from the answer. Model and finish reason go into
/// receipts and the ledger and are cleaned.
pub(crate) fn reply_reader(
    secret: Option<&BoundSecret>,
) -> Reader<impl FnOnce(&Seen) -> Result<ChatReply, Problem> + Send + 'static> {
    let redactor = redactor(secret);
    let read = move |seen: &Seen| {
        let mut reply = completion::read(&seen.value).map_err(|problem| match problem {
            completion::NoCompletion::Shape => Problem::Shape,
            completion::NoCompletion::NoChoice => Problem::NoChoice,
        })?;
        if says_nothing(&reply, seen) {
            return Err(Problem::Shape);
        }
        let others = completion::other_texts(&seen.value);
        finish(&mut reply, seen, others, &redactor);
        Ok(reply)
    };
    Reader {
        shape: &COMPLETION,
        stated: Some(completion::stated),
        read,
    }
}

/// Whether the body ended before any part of an answer.
pub(crate) fn says_nothing(reply: &ChatReply, seen: &Seen) -> bool {
    let texts = [&reply.content, &reply.reasoning, &reply.refusal];
    seen.flaws.is_cut()
        && texts.iter().all(|text| text.is_none())
        && reply.tool_calls.is_empty()
        && reply.finish_reason.is_none()
}

/// Adds flaws as warnings to an answer and removes the secret.
pub(crate) fn finish(reply: &mut ChatReply, seen: &Seen, others: usize, redactor: &Redactor) {
    let mut told = flaws(&seen.flaws, redactor);
    if others > 0 {
        told.push(format!(
            "`choices`: {others} more with a text of their own, left out"
        ));
    }
    reply
        .warnings
        .extend(partly_read("part of the answer could not be read", told));
    spare(reply, redactor);
}

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
