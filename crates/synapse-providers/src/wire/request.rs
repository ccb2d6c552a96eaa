//! A chat request as JSON. Only what the caller set is written; `stream` is always false.

use serde::Serialize;
use synapse_core::chat::{ChatRequest, Message, Role};

/// How the wire of one provider differs from that of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `max_completion_tokens`, which every OpenAI model takes and newer ones insist on.
    OpenAi,
    /// `max_tokens`, because compatible servers ignore the newer name silently, and `system`
    /// for `developer`, which they refuse.
    Compatible,
}

#[derive(Debug, Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<BodyMessage<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct BodyMessage<'a> {
    role: &'static str,
    content: &'a str,
}

/// The body of `request` in `dialect`.
///
/// # Errors
/// When a number cannot be written as JSON, such as a temperature that is not finite.
pub(crate) fn body(dialect: Dialect, request: &ChatRequest) -> Result<Vec<u8>, serde_json::Error> {
    let parameters = &request.parameters;
    let (max_completion_tokens, max_tokens) = match dialect {
        Dialect::OpenAi => (parameters.max_tokens, None),
        Dialect::Compatible => (None, parameters.max_tokens),
    };
    serde_json::to_vec(&Body {
        model: request.model.as_str(),
        messages: request
            .messages
            .iter()
            .map(|message| message_body(dialect, message))
            .collect(),
        stream: false,
        max_completion_tokens,
        max_tokens,
        temperature: parameters.temperature,
        top_p: parameters.top_p,
        stop: &parameters.stop,
        seed: parameters.seed,
        reasoning_effort: parameters.reasoning_effort.as_deref(),
    })
}

fn message_body(dialect: Dialect, message: &Message) -> BodyMessage<'_> {
    let role = match (message.role, dialect) {
        (Role::Developer, Dialect::OpenAi) => "developer",
        (Role::System, _) | (Role::Developer, Dialect::Compatible) => "system",
        (Role::User, _) => "user",
        (Role::Assistant, _) => "assistant",
    };
    BodyMessage {
        role,
        content: &message.content,
    }
}
