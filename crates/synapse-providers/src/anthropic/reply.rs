//! An Anthropic message: content blocks, its own stop reasons, and token counts that exclude cached
//! tokens from the prompt's.

use serde_json::Value;
use synapse_core::chat::{ChatReply, FinishReason, ToolCall, Usage};
use synapse_core::money::Billing;

use crate::json::{ANY, COUNT, Shape, TEXT, WHOLE};
use crate::wire::{count, text};

/// Reads a message leniently; `None` if it has neither content nor a stop reason.
pub(crate) fn read(body: &Value) -> Option<ChatReply> {
    let content = match body.get("content") {
        Some(Value::Array(content)) => content.as_slice(),
        // Unreadable parts do not affect the rest.
        _ if body.get("stop_reason").is_some_and(Value::is_string) => &[],
        _ => return None,
    };
    Some(ChatReply {
        content: joined(content, "text").or_else(|| text(body, "content")),
        reasoning: joined(content, "thinking"),
        refusal: refusal(body),
        tool_calls: content.iter().filter_map(tool_call).collect(),
        ..stated(body)
    })
}

/// Facts about a call, with or without an answer.
pub(crate) fn stated(body: &Value) -> ChatReply {
    let usage = body.get("usage").unwrap_or(&Value::Null);
    let at_the_end = || text(body.get("delta")?, "stop_reason");
    ChatReply {
        finish_reason: text(body, "stop_reason")
            .or_else(at_the_end)
            .map(FinishReason::new),
        model: text(body, "model"),
        usage: counts(usage),
        billing: Billing {
            service_tier: tier(usage),
            ..Billing::default()
        },
        ..ChatReply::default()
    }
}

/// The concatenated texts of all blocks of this type; `None` if empty.
fn joined(content: &[Value], kind: &str) -> Option<String> {
    let texts: Vec<&str> = of_type(content, kind)
        .filter_map(|block| block.get(kind).and_then(Value::as_str))
        .collect();
    Some(texts.concat()).filter(|text| !text.is_empty())
}

fn of_type<'a>(content: &'a [Value], kind: &str) -> impl Iterator<Item = &'a Value> {
    content
        .iter()
        .filter(move |block| block.get("type").and_then(Value::as_str) == Some(kind))
}

fn tool_call(block: &Value) -> Option<ToolCall> {
    if block.get("type").and_then(Value::as_str) != Some("tool_use") {
        return None;
    }
    Some(ToolCall {
        id: text(block, "id"),
        name: text(block, "name")?,
        arguments: match block.get("input") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(written)) => written.clone(),
            Some(input) => input.to_string(),
        },
        ..ToolCall::default()
    })
}

/// Why the answer was withheld: the explanation, else the policy category.
fn refusal(body: &Value) -> Option<String> {
    let details = body
        .get("stop_details")
        .filter(|details| text(details, "type").as_deref() == Some("refusal"))?;
    text(details, "explanation").or_else(|| text(details, "category"))
}

/// Prompt tokens are the sum of uncached, cache-read and cache-write tokens.
fn counts(usage: &Value) -> Usage {
    let cached_tokens = count(usage, "cache_read_input_tokens");
    let cache_write_tokens = count(usage, "cache_creation_input_tokens");
    let prompt_tokens = count(usage, "input_tokens").and_then(|fresh| {
        fresh
            .checked_add(cached_tokens.unwrap_or(0))?
            .checked_add(cache_write_tokens.unwrap_or(0))
    });
    Usage {
        prompt_tokens,
        completion_tokens: count(usage, "output_tokens"),
        cached_tokens,
        cache_write_tokens,
        reasoning_tokens: usage
            .get("output_tokens_details")
            .and_then(|details| count(details, "thinking_tokens")),
    }
}

/// The tier, with everything else that affects the price: region, fast mode, longer cache,
/// server-side tools. Such a name is in no price list, so the cost is unknown.
fn tier(usage: &Value) -> Option<String> {
    let tier = text(usage, "service_tier");
    let region = text(usage, "inference_geo")
        .filter(|region| !matches!(region.as_str(), "global" | "not_available"));
    let speed = text(usage, "speed").filter(|speed| speed != "standard");
    let hour = usage
        .get("cache_creation")
        .and_then(|cache| count(cache, "ephemeral_1h_input_tokens"))
        .filter(|tokens| *tokens > 0)
        .map(|_| "1h-cache".to_owned());
    let tools = usage
        .get("server_tool_use")
        .and_then(Value::as_object)
        .filter(|tools| tools.values().any(|count| count.as_u64() != Some(0)))
        .map(|_| "server-tools".to_owned());
    let extras: Vec<String> = [region, speed, hour, tools].into_iter().flatten().collect();
    if extras.is_empty() {
        return tier;
    }
    let tier = tier.unwrap_or_else(|| "standard".to_owned());
    Some(format!("{tier}+{}", extras.join("+")))
}

/// The relevant parts of a message.
pub(crate) const MESSAGE: Shape = Shape::object(&[
    ("content", &CONTENT),
    ("model", &TEXT),
    ("stop_reason", &TEXT),
    ("stop_details", &WHOLE),
    ("usage", &USAGE),
    ("error", &WHOLE),
])
.and_others();
const CONTENT: Shape = Shape::list(10_000, &BLOCK).or_text();
const BLOCK: Shape = Shape::object(&[
    ("type", &ANY),
    ("text", &ANY),
    ("thinking", &ANY),
    ("id", &ANY),
    ("name", &ANY),
    ("input", &WHOLE),
]);
const USAGE: Shape = Shape::object(&[
    ("input_tokens", &COUNT),
    ("output_tokens", &COUNT),
    ("cache_read_input_tokens", &COUNT),
    ("cache_creation_input_tokens", &COUNT),
    ("output_tokens_details", &WHOLE),
    ("service_tier", &ANY),
    ("inference_geo", &ANY),
    ("speed", &ANY),
    ("cache_creation", &WHOLE),
    ("server_tool_use", &WHOLE),
]);

#[cfg(test)]
mod tests {
    use serde_json::json;
    use synapse_core::money::ServiceTier;

    use super::*;

    #[test]
    fn what_has_another_price_is_no_tier_of_a_list() {
        let priced = |usage: Value| ServiceTier::parse(tier(&usage).as_deref());
        for usual in [
            json!({}),
            json!({"service_tier": "standard"}),
            json!({"service_tier": "standard", "inference_geo": "global", "speed": "standard",
                "cache_creation": {"ephemeral_1h_input_tokens": 0},
                "server_tool_use": {"web_search_requests": 0}}),
            json!({"service_tier": null, "inference_geo": "not_available", "server_tool_use": null}),
        ] {
            assert_eq!(priced(usual.clone()), Some(ServiceTier::Default), "{usual}");
        }
        for other in [
            json!({"service_tier": "batch"}),
            json!({"inference_geo": "us"}),
            json!({"speed": "fast"}),
            json!({"cache_creation": {"ephemeral_1h_input_tokens": 1}}),
            json!({"server_tool_use": {"web_search_requests": 1}}),
        ] {
            assert_eq!(priced(other.clone()), None, "{other}");
        }
        let priority = priced(json!({"service_tier": "priority"}));
        assert_eq!(priority, Some(ServiceTier::Priority));
    }
}
