//! What every adapter of chat completions does with a prompt and with its answer. Knows no provider.

use std::borrow::Cow;

use serde_json::Value;
use synapse_core::chat::{ChatReply, ChatRequest, FinishReason};
use synapse_core::error::Failure;
use synapse_core::redact::Redactor;
use synapse_core::secret::BoundSecret;

use crate::classify::{Asked, Problem};
use crate::send::{Call, Sender};
use crate::wire::request::{Dialect, body};
use crate::wire::{MAX_WORD, completion};

/// The call that asks for a completion.
///
/// # Errors
/// As [`body`].
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
/// The answer stays as it came, but for the secret itself, which no answer has unless the server
/// said it back. Model and finish reason go into receipts and the ledger and are cleaned.
pub(crate) fn reply_reader(
    secret: Option<&BoundSecret>,
) -> impl FnOnce(&Value) -> Result<ChatReply, Problem> + Send {
    let redactor = redactor(secret);
    move |value| {
        let mut reply = completion::read(value).map_err(|problem| match problem {
            completion::NoCompletion::Shape => Problem::Shape,
            completion::NoCompletion::NoChoice => Problem::NoChoice,
        })?;
        spare(&mut reply, &redactor);
        Ok(reply)
    }
}

/// Takes the secret out of an answer, and cleans what goes into receipts.
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

/// The strings inside a JSON value, keys aside.
fn strings<'a>(value: &'a mut Value, texts: &mut Vec<&'a mut String>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter_mut().for_each(|item| strings(item, texts)),
        Value::Object(members) => members.values_mut().for_each(|item| strings(item, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What removes `secret` from text, or from control characters alone when there is none.
pub(crate) fn redactor(secret: Option<&BoundSecret>) -> Redactor {
    secret.map_or_else(Redactor::none, BoundSecret::redactor)
}
