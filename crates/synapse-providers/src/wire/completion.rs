//! A chat completion as really answered: fields absent, null or of another type are met every
//! day, so nothing but a first choice with a message is required.

use serde_json::{Map, Value};
use synapse_core::chat::{ChatReply, FinishReason, ToolCall, Usage};
use synapse_core::cost::Billing;

use super::{count, text};

/// Why a JSON value is no chat completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoCompletion {
    /// There is no `choices` list.
    Shape,
    /// `choices` is empty.
    NoChoice,
}

/// Reads a completion leniently.
pub(crate) fn read(body: &Value) -> Result<ChatReply, NoCompletion> {
    let choices = body
        .get("choices")
        .and_then(Value::as_array)
        .ok_or(NoCompletion::Shape)?;
    let choice = choices.first().ok_or(NoCompletion::NoChoice)?;
    let message = choice
        .get("message")
        .filter(|each| each.is_object())
        .ok_or(NoCompletion::Shape)?;
    Ok(ChatReply {
        content: message.get("content").and_then(content),
        reasoning: reasoning(message),
        refusal: text(message, "refusal"),
        tool_calls: tool_calls(message),
        finish_reason: text(choice, "finish_reason")
            .or_else(|| text(choice, "native_finish_reason"))
            .map(FinishReason::new),
        model: text(body, "model"),
        usage: body.get("usage").map(usage).unwrap_or_default(),
        billing: billing(body),
    })
}

/// The error that some servers put into a successful answer, and the code that it states: beside
/// the choices that are missing then, or in the choice that broke off.
pub(crate) fn error_within(body: &Value) -> Option<&Value> {
    let holds = |value: &Value| match value.get("error") {
        Some(Value::Object(_)) => true,
        Some(Value::String(words)) => !words.is_empty(),
        _ => false,
    };
    match body.get("choices") {
        None => holds(body).then_some(body),
        Some(choices) => choices.get(0).filter(|choice| holds(choice)),
    }
}

/// Thinking arrives beside the content under one of three names, or in parts of the content.
fn reasoning(message: &Value) -> Option<String> {
    let beside = ["reasoning", "reasoning_content", "thinking"];
    let told = beside.iter().find_map(|key| text(message, key));
    told.or_else(|| {
        let parts = message.get("content")?.as_array()?;
        let thoughts = parts.iter().filter_map(|part| part.get("thinking"));
        let texts: Vec<String> = thoughts.filter_map(content).collect();
        (!texts.is_empty()).then(|| texts.concat())
    })
}

/// Content is a string, or a list of parts of which the text ones count.
fn content(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let texts: Vec<&str> = parts
                .iter()
                .filter_map(|part| part.get("text").and_then(Value::as_str))
                .collect();
            (!texts.is_empty()).then(|| texts.concat())
        }
        _ => None,
    }
}

fn tool_calls(message: &Value) -> Vec<ToolCall> {
    let listed = message
        .get("tool_calls")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let deprecated = message.get("function_call").filter(|call| call.is_object());
    listed
        .filter_map(|call| {
            let body = call.get("function").or_else(|| call.get("custom"))?;
            Some(ToolCall {
                extra: extra(call),
                ..named_call(text(call, "id"), body)?
            })
        })
        .chain(deprecated.and_then(|call| named_call(None, call)))
        .collect()
}

/// Arguments are JSON text that need not be valid; some servers send the object itself.
fn named_call(id: Option<String>, body: &Value) -> Option<ToolCall> {
    let arguments = match body.get("arguments").or_else(|| body.get("input")) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    };
    Some(ToolCall {
        id,
        name: text(body, "name")?,
        arguments,
        extra: Map::new(),
    })
}

/// What a call has beside the members of the API: some servers want it back in the next turn.
fn extra(call: &Value) -> Map<String, Value> {
    let members = call.as_object().into_iter().flatten();
    members
        .filter(|(key, value)| !CALL_MEMBERS.contains(&key.as_str()) && !value.is_null())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// `usage.cost` is money (OpenRouter); an `estimated_cost` calls itself a guess and is left alone.
fn billing(body: &Value) -> Billing {
    let usage = body.get("usage").unwrap_or(&Value::Null);
    let audio = |group: &str| count(usage.get(group)?, "audio_tokens");
    let stated = usage.get("cost").and_then(Value::as_number);
    let audio_tokens = [
        audio("prompt_tokens_details"),
        audio("completion_tokens_details"),
    ];
    Billing {
        service_tier: text(body, "service_tier"),
        audio_tokens: audio_tokens
            .into_iter()
            .flatten()
            .reduce(u64::saturating_add),
        stated_nano_usd: stated.and_then(|usd| Billing::nano_usd(&usd.to_string())),
    }
}

fn usage(usage: &Value) -> Usage {
    let detail = |group: &str, key: &str| count(usage.get(group)?, key);
    Usage {
        prompt_tokens: count(usage, "prompt_tokens"),
        completion_tokens: count(usage, "completion_tokens"),
        cached_tokens: detail("prompt_tokens_details", "cached_tokens"),
        cache_write_tokens: detail("prompt_tokens_details", "cache_write_tokens"),
        reasoning_tokens: detail("completion_tokens_details", "reasoning_tokens"),
    }
}

/// The members of a call that the API has, and its place in a stream.
const CALL_MEMBERS: [&str; 5] = ["id", "type", "function", "custom", "index"];
