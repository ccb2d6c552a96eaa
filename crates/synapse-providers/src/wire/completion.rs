//! A chat completion as really answered: fields absent, null or of another type are met every
//! day, so nothing but a first choice with a message is required.

use serde_json::Value;
use synapse_core::chat::{ChatReply, FinishReason, ToolCall, Usage};
use synapse_core::cost::Billing;

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
        reasoning: text(message, "reasoning").or_else(|| text(message, "reasoning_content")),
        refusal: text(message, "refusal"),
        tool_calls: tool_calls(message),
        finish_reason: text(choice, "finish_reason").map(FinishReason::new),
        model: text(body, "model"),
        usage: body.get("usage").map(usage).unwrap_or_default(),
        billing: billing(body),
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
            named_call(text(call, "id"), body)
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
    })
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

fn count(value: &Value, key: &str) -> Option<u64> {
    value.get(key).and_then(Value::as_u64)
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

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}
