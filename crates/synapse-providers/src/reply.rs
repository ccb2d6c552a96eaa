//! What every adapter of chat completions does with an answer, and with a request that cannot be
//! sent. Knows no provider.

use serde_json::Value;
use synapse_core::Connection;
use synapse_core::chat::{ChatReply, FinishReason};
use synapse_core::error::{Code, Failure};
use synapse_core::provider::Exchanged;
use synapse_core::receipt::Exchange;
use synapse_core::redact::Redactor;
use synapse_core::secret::BoundSecret;

use crate::classify::Problem;
use crate::wire::completion;

/// Reads a completion.
///
/// The answer stays as it came. Model and finish reason go into receipts and the ledger, so a
/// server that says the secret back there must not have it written down.
pub(crate) fn reply_reader(
    secret: Option<&BoundSecret>,
) -> impl FnOnce(&Value) -> Result<ChatReply, Problem> + Send {
    let redactor = redactor(secret);
    move |value| {
        let mut reply = completion::read(value).map_err(|problem| match problem {
            completion::NoCompletion::Shape => Problem::Shape,
            completion::NoCompletion::NoChoice => Problem::NoChoice,
        })?;
        reply.model = reply.model.map(|model| redactor.clean(&model, MAX_WORD));
        reply.finish_reason = reply
            .finish_reason
            .map(|reason| FinishReason::new(redactor.clean(reason.as_str(), MAX_WORD)));
        Ok(reply)
    }
}

/// What removes `secret` from text, or from control characters alone when there is none.
pub(crate) fn redactor(secret: Option<&BoundSecret>) -> Redactor {
    secret.map_or_else(Redactor::none, BoundSecret::redactor)
}

/// A request that cannot be written as JSON was never sent.
pub(crate) fn unwritable<T>(connection: &Connection, error: &serde_json::Error) -> Exchanged<T> {
    Exchanged {
        exchange: Exchange {
            host: connection.base_url.origin().host().to_owned(),
            ..Exchange::default()
        },
        outcome: Err(Failure::new(
            Code::UsageInvalidArguments,
            "the request cannot be written as JSON; nothing was sent",
        )
        .caused_by(error)),
    }
}

/// As long as a model id may be.
const MAX_WORD: usize = 256;
