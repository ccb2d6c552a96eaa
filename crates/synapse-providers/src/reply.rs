//! Handling of prompts and answers shared by the chat completions adapters. Knows no provider.

use std::sync::Arc;

use synapse_core::chat::{ChatReply, ChatRequest};
use synapse_core::error::Failure;
use synapse_core::provider::{Access, Exchanged};
use synapse_core::redact::Redactor;
use synapse_core::secret::BoundSecret;

use crate::blocking::written_body;
use crate::classify::{Asked, Problem};
use crate::clean::{flaws, partly_read, redactor, spare};
use crate::json::Seen;
use crate::send::{AnswerReader, Call, Header, Sender};
use crate::wire::completion;
use crate::wire::completion::COMPLETION;
use crate::wire::request::{Dialect, body};

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
    body(dialect, request).map(|body| completion_post(sender, secret, request, body))
}

/// Sends one prompt, with headers that name the account.
pub(crate) async fn complete(
    sender: &Sender,
    access: Access<'_>,
    dialect: Dialect,
    account: Vec<Header<'_>>,
    request: &Arc<ChatRequest>,
) -> Exchanged<ChatReply> {
    let call = prepared_call(sender, dialect, access.secret(), request)
        .await
        .map(|call| call.account(account));
    let reader = reply_reader(access.secret());
    sender.prompt(access.permit(), call, reader).await
}

/// The request for a completion; a large one is written off the runtime's thread.
///
/// # Errors
/// Same as [`body`].
pub(crate) async fn prepared_call<'a>(
    sender: &Sender,
    dialect: Dialect,
    secret: Option<&'a BoundSecret>,
    request: &'a Arc<ChatRequest>,
) -> Result<Call<'a>, Failure> {
    let body = written_body(request, move |request| body(dialect, request)).await?;
    Ok(completion_post(sender, secret, request, body))
}

fn completion_post<'a>(
    sender: &Sender,
    secret: Option<&'a BoundSecret>,
    request: &'a ChatRequest,
    body: Vec<u8>,
) -> Call<'a> {
    let url = sender.url(&["chat", "completions"]);
    Call::post(url, secret, Asked::Model(request.model.as_str()), body)
}

/// Reads a completion.
///
/// Only the secret itself, if echoed, is removed from the answer. Model and finish reason go into
/// receipts and the ledger and are cleaned.
pub(crate) fn reply_reader(
    secret: Option<&BoundSecret>,
) -> AnswerReader<impl FnOnce(&Seen) -> Result<ChatReply, Problem> + Send + 'static> {
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
    AnswerReader {
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
