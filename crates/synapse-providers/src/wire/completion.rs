//! A chat completion in practice: fields are often absent, null or of another type, so only a first
//! choice with a message is required.

use std::slice;

use serde_json::{Map, Value};
use synapse_core::chat::{ChatReply, FinishReason, ToolCall, Usage};
use synapse_core::money::Billing;

use super::{count, text};
use crate::json::{ANY, COUNT, Shape, TEXT, WHOLE};

/// Why a JSON value is not a chat completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoCompletion {
    /// There is no `choices` list.
    Shape,
    /// `choices` is empty.
    NoChoice,
}

/// Reads a completion leniently.
///
/// The first meaningful choice is the answer; tool calls count in any choice. A choice only needs a
/// message, a text or a finish reason.
pub(crate) fn read(body: &Value) -> Result<ChatReply, NoCompletion> {
    let choices = choices(body).ok_or(NoCompletion::Shape)?;
    if choices.is_empty() {
        return Err(NoCompletion::NoChoice);
    }
    if !choices.iter().any(is_choice) {
        return Err(NoCompletion::Shape);
    }
    let messages = || choices.iter().filter_map(message);
    Ok(ChatReply {
        content: choices
            .iter()
            .filter_map(spoken)
            .find(|text| !text.is_empty())
            .or_else(|| choices.iter().find_map(spoken)),
        reasoning: messages().find_map(reasoning),
        refusal: messages().find_map(|message| text(message, "refusal")),
        tool_calls: messages().flat_map(tool_calls).collect(),
        ..stated(body)
    })
}

/// Number of other choices with a text, which are dropped.
pub(crate) fn other_texts(body: &Value) -> usize {
    let texts = choices(body).unwrap_or_default().iter().filter_map(spoken);
    texts
        .filter(|text| !text.is_empty())
        .count()
        .saturating_sub(1)
}

/// Whether any choice has a text that is not empty, or a call.
pub(crate) fn says_something(body: &Value) -> bool {
    let choices = choices(body).unwrap_or_default();
    let written = |text: Option<String>| text.is_some_and(|text| !text.is_empty());
    choices.iter().any(|choice| {
        let message = message(choice);
        written(spoken(choice))
            || message.is_some_and(|message| {
                written(reasoning(message))
                    || written(text(message, "refusal"))
                    || !tool_calls(message).is_empty()
            })
    })
}

/// Whether a choice says why it ended.
pub(crate) fn is_finished(body: &Value) -> bool {
    let choices = choices(body).unwrap_or_default();
    choices
        .iter()
        .any(|choice| text(choice, "finish_reason").is_some())
}

/// Facts about a call, with or without an answer.
pub(crate) fn stated(body: &Value) -> ChatReply {
    let choices = choices(body).unwrap_or_default();
    let told = usage_of(body).unwrap_or(&Value::Null);
    ChatReply {
        finish_reason: ["finish_reason", "native_finish_reason"]
            .iter()
            .find_map(|key| choices.iter().find_map(|choice| text(choice, key)))
            .map(FinishReason::new),
        model: text(body, "model"),
        usage: usage(told),
        billing: billing(body, told),
        ..ChatReply::default()
    }
}

/// The usage: beside the choices, in one of them (Moonshot), or in a vendor's own member (Groq).
pub(crate) fn usage_of(body: &Value) -> Option<&Value> {
    counts(body)
        .or_else(|| choices(body)?.iter().find_map(counts))
        .or_else(|| counts(body.get("x_groq")?))
}

/// The usage in `holder`, which may be a list of one. Of several, none is known to be the sum.
fn counts(holder: &Value) -> Option<&Value> {
    match holder.get("usage")? {
        usage @ Value::Object(_) => Some(usage),
        Value::Array(list) => match list.as_slice() {
            [usage @ Value::Object(_)] => Some(usage),
            _ => None,
        },
        _ => None,
    }
}

/// The choices; a single object counts as a list of one.
fn choices(body: &Value) -> Option<&[Value]> {
    match body.get("choices")? {
        Value::Array(choices) => Some(choices),
        one @ Value::Object(_) => Some(slice::from_ref(one)),
        _ => None,
    }
}

/// The message of a choice, or its streaming counterpart.
fn message(choice: &Value) -> Option<&Value> {
    ["message", "delta"]
        .iter()
        .find_map(|key| choice.get(key).filter(|each| each.is_object()))
}

/// Whether it is a choice. An unreadable message does not affect the rest.
fn is_choice(choice: &Value) -> bool {
    let has_text = |key: &str| choice.get(key).is_some_and(Value::is_string);
    message(choice).is_some() || has_text("text") || has_text("finish_reason")
}

/// The text of a choice; an empty one counts only if there is no other.
fn spoken(choice: &Value) -> Option<String> {
    let written = message(choice).and_then(|message| message.get("content"));
    written.and_then(content).or_else(|| text(choice, "text"))
}

/// Reasoning comes beside the content under one of three names, or as content parts.
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

/// Content is a string, a part, or a list of parts.
fn content(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let texts: Vec<&str> = parts.iter().filter_map(part).collect();
            (!texts.is_empty()).then(|| texts.concat())
        }
        Value::Object(_) => part(content).map(str::to_owned),
        _ => None,
    }
}

/// The text of a part: itself, its `text`, or the `value` of that.
fn part(part: &Value) -> Option<&str> {
    let text = part.get("text").unwrap_or(part);
    text.get("value").unwrap_or(text).as_str()
}

fn tool_calls(message: &Value) -> Vec<ToolCall> {
    let listed = match message.get("tool_calls") {
        Some(Value::Array(calls)) => calls.as_slice(),
        Some(one @ Value::Object(_)) => slice::from_ref(one),
        _ => &[],
    };
    let deprecated = message.get("function_call").filter(|call| call.is_object());
    listed
        .iter()
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

/// Arguments are JSON text that may be invalid; some servers send the object itself.
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

/// Extra members of a call, which some servers require in the next turn.
fn extra(call: &Value) -> Map<String, Value> {
    let members = call.as_object().into_iter().flatten();
    members
        .filter(|(key, value)| !CALL_MEMBERS.contains(&key.as_str()) && !value.is_null())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn billing(body: &Value, usage: &Value) -> Billing {
    let audio = |group: &str| count(usage.get(group)?, "audio_tokens");
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
        ..money(usage)
    }
}

/// `usage.cost` is an amount of money (OpenRouter); `estimated_cost` is only a guess and ignored.
///
/// With the caller's own upstream key, a routed call is charged twice: by the router, whose share
/// is `cost` and often 0, and by the upstream, whose share is in the details
/// (<https://openrouter.ai/docs/guides/overview/auth/byok>). The cost is their sum, and unknown if
/// either is missing. If the key's owner is not stated, a share larger than the cost cannot be
/// included in it, and a 0 may be incomplete: proxies report 0 for models without a known price.
fn money(usage: &Value) -> Billing {
    let upstream = usage.get("cost_details").and_then(upstream);
    let cost = amount(usage, "cost");
    let own_key = usage.get("is_byok").and_then(Value::as_bool);
    let charged_twice = own_key.unwrap_or(upstream > cost);
    Billing {
        stated_nano_usd: match (charged_twice, own_key) {
            (true, _) => cost
                .zip(upstream)
                .and_then(|(one, other)| one.checked_add(other)),
            (false, Some(_)) => cost,
            (false, None) => cost.filter(|cost| *cost > 0),
        },
        own_key: charged_twice,
        ..Billing::default()
    }
}

/// The upstream's charge for a routed call.
fn upstream(details: &Value) -> Option<u64> {
    amount(details, "upstream_inference_cost").or_else(|| {
        amount(details, "upstream_inference_prompt_cost")?
            .checked_add(amount(details, "upstream_inference_completions_cost")?)
    })
}

/// An amount of money, in nano-USD.
fn amount(holder: &Value, key: &str) -> Option<u64> {
    match holder.get(key)? {
        Value::Number(amount) => Billing::nano_usd(&amount.to_string()),
        Value::String(amount) => Billing::nano_usd(amount),
        _ => None,
    }
}

fn usage(usage: &Value) -> Usage {
    let detail = |group: &str, key: &str| count(usage.get(group)?, key);
    let first = |keys: &[&str]| keys.iter().find_map(|key| count(usage, key));
    Usage {
        prompt_tokens: first(&[
            "prompt_tokens",
            "input_tokens",
            "promptTokens",
            "inputTokens",
        ]),
        completion_tokens: first(&[
            "completion_tokens",
            "output_tokens",
            "completionTokens",
            "outputTokens",
        ]),
        cached_tokens: detail("prompt_tokens_details", "cached_tokens"),
        cache_write_tokens: detail("prompt_tokens_details", "cache_write_tokens"),
        reasoning_tokens: detail("completion_tokens_details", "reasoning_tokens"),
    }
}

/// The relevant parts of a completion.
pub(crate) const COMPLETION: Shape = Shape::object(&[
    ("choices", &CHOICES),
    ("model", &TEXT),
    ("usage", &USAGES),
    ("service_tier", &TEXT),
    ("provider", &ANY),
    ("x_groq", &WHOLE),
    ("error", &WHOLE),
])
.and_others();
const CHOICES: Shape = CHOICE.or_list(64, &CHOICE);
const CHOICE: Shape = Shape::object(&[
    ("message", &MESSAGE),
    ("delta", &MESSAGE),
    ("text", &ANY),
    ("finish_reason", &TEXT),
    ("native_finish_reason", &ANY),
    ("error", &WHOLE),
    ("usage", &USAGES),
]);
const MESSAGE: Shape = Shape::object(&[
    ("content", &CONTENT),
    ("reasoning", &ANY),
    ("reasoning_content", &ANY),
    ("thinking", &ANY),
    ("refusal", &ANY),
    ("tool_calls", &TOOL_CALLS),
    ("function_call", &WHOLE),
]);
const CONTENT: Shape = PART.or_list(10_000, &PART);
const PART: Shape = Shape::object(&[("text", &PART_TEXT), ("thinking", &THOUGHTS)]).or_text();
const PART_TEXT: Shape = Shape::object(&[("value", &TEXT)]).or_text();
const THOUGHTS: Shape = THOUGHT.or_list(10_000, &THOUGHT);
const THOUGHT: Shape = Shape::object(&[("text", &PART_TEXT)]).or_text();
const TOOL_CALLS: Shape = CALL.or_list(1_000, &WHOLE);
const CALL: Shape = Shape::object(&[("function", &WHOLE), ("custom", &WHOLE)]).and_others();
const USAGES: Shape = USAGE.or_list(2, &USAGE);
const USAGE: Shape = Shape::object(&[
    ("prompt_tokens", &COUNT),
    ("completion_tokens", &COUNT),
    ("total_tokens", &COUNT),
    ("input_tokens", &ANY),
    ("output_tokens", &ANY),
    ("promptTokens", &ANY),
    ("completionTokens", &ANY),
    ("inputTokens", &ANY),
    ("outputTokens", &ANY),
    ("reasoning_tokens", &ANY),
    ("cached_tokens", &ANY),
    ("prompt_cache_hit_tokens", &ANY),
    ("prompt_tokens_details", &WHOLE),
    ("completion_tokens_details", &WHOLE),
    ("cost", &ANY),
    ("is_byok", &ANY),
    ("cost_details", &WHOLE),
    ("cost_in_usd_ticks", &ANY),
]);

/// The API's members of a call, including its index in a stream.
const CALL_MEMBERS: [&str; 5] = ["id", "type", "function", "custom", "index"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reply(choices: &Value) -> ChatReply {
        read(&json!({"choices": choices})).unwrap()
    }

    #[test]
    fn a_tool_call_counts_in_whichever_choice_it_is() {
        let call = json!({"id": "t1", "type": "function",
            "function": {"name": "read_file", "arguments": "{}"}});
        let split = json!([
            {"message": {"content": "Let me look."}, "finish_reason": "tool_calls"},
            {"message": {"content": null, "tool_calls": [call]}, "finish_reason": "tool_calls"},
        ]);
        let read = reply(&split);
        assert_eq!(read.content.as_deref(), Some("Let me look."));
        assert_eq!(read.tool_calls[0].name, "read_file");
        assert_eq!(other_texts(&json!({"choices": split})), 0);
        let two = json!([{"message": {"content": "a"}}, {"message": {"content": "b"}}]);
        assert_eq!(reply(&two).content.as_deref(), Some("a"));
        assert_eq!(other_texts(&json!({"choices": two})), 1);
    }

    #[test]
    fn a_choice_is_one_by_its_message_its_text_or_its_reason() {
        let silent = reply(&json!([{"message": null, "finish_reason": "length"}]));
        assert_eq!(silent.finish_reason, Some(FinishReason::new("length")));
        assert_eq!(silent.content, None);
        for whole in [
            json!([{"delta": {"content": "a"}}]),
            json!([{"text": "a"}]),
            json!([null, {"message": {"content": "a"}}]),
            json!([{"message": {"content": {"type": "text", "text": "a"}}}]),
            json!([{"message": {"content": ["a"]}}]),
            json!([{"message": {"content": [{"text": {"value": "a"}}, 7]}}]),
        ] {
            assert_eq!(reply(&whole).content.as_deref(), Some("a"), "{whole}");
        }
        for none in [
            json!([{}]),
            json!([null]),
            json!(["a"]),
            json!([{"index": 0}]),
        ] {
            assert_eq!(
                read(&json!({"choices": none})),
                Err(NoCompletion::Shape),
                "{none}"
            );
        }
    }

    #[test]
    fn a_text_is_found_behind_choices_that_have_none() {
        for choices in [
            json!([{"message": {"content": ""}}, {"message": {"content": "a"}}]),
            json!({"message": {"content": "a"}, "finish_reason": "stop"}),
        ] {
            assert_eq!(reply(&choices).content.as_deref(), Some("a"), "{choices}");
            assert_eq!(other_texts(&json!({"choices": choices})), 0);
        }
        let call = json!({"id": "1", "function": {"name": "f", "arguments": "{}"}});
        let one = reply(&json!([{"message": {"tool_calls": call}}]));
        assert_eq!(one.tool_calls[0].name, "f");
        assert_eq!(read(&json!({"choices": {}})), Err(NoCompletion::Shape));
    }

    #[test]
    fn tokens_are_counted_in_other_words_too() {
        for usage in [
            json!({"input_tokens": 3, "output_tokens": 4}),
            json!({"promptTokens": 3, "completionTokens": 4.0}),
        ] {
            let counts = stated(&json!({"usage": usage})).usage;
            let read = (counts.prompt_tokens, counts.completion_tokens);
            assert_eq!(read, (Some(3), Some(4)), "{usage}");
        }
        let money = stated(&json!({"usage": {"cost": "0.5"}})).billing;
        assert_eq!(money.stated_nano_usd, Some(500_000_000));
    }

    #[test]
    fn a_list_of_one_usage_is_a_usage() {
        let counts = json!({"prompt_tokens": 3, "completion_tokens": 4});
        let usage = stated(&json!({"usage": [counts]})).usage;
        assert_eq!(usage.prompt_tokens, Some(3));
        for unclear in [json!([counts, counts]), json!([]), json!([7])] {
            let usage = stated(&json!({"usage": unclear})).usage;
            assert_eq!(usage.prompt_tokens, None, "{unclear}");
        }
    }

    #[test]
    fn tokens_are_counted_wherever_they_stand() {
        let counts = json!({"prompt_tokens": 3, "completion_tokens": 4.0});
        for body in [
            json!({"usage": counts}),
            json!({"choices": [{"usage": counts}]}),
            json!({"usage": null, "x_groq": {"usage": counts}}),
        ] {
            let usage = stated(&body).usage;
            let read = (usage.prompt_tokens, usage.completion_tokens);
            assert_eq!(read, (Some(3), Some(4)), "{body}");
        }
    }

    #[test]
    fn a_routed_call_costs_what_was_charged_in_all() {
        for (usage, nano_usd, own_key) in [
            (json!({"cost": 0.5}), Some(500_000_000), false),
            (json!({"cost": 0}), None, false),
            (json!({"cost": 0, "is_byok": false}), Some(0), false),
            (
                json!({"cost": 0.5, "is_byok": false,
                    "cost_details": {"upstream_inference_cost": 0.5}}),
                Some(500_000_000),
                false,
            ),
            (
                json!({"cost": 0, "is_byok": true,
                    "cost_details": {"upstream_inference_cost": 0.25}}),
                Some(250_000_000),
                true,
            ),
            (
                json!({"cost": 0.01, "is_byok": true, "cost_details": {
                    "upstream_inference_prompt_cost": 0.2,
                    "upstream_inference_completions_cost": 0.3}}),
                Some(510_000_000),
                true,
            ),
            (json!({"cost": 0, "is_byok": true}), None, true),
            (
                json!({"cost": 0, "is_byok": true,
                    "cost_details": {"upstream_inference_cost": null}}),
                None,
                true,
            ),
            (
                json!({"is_byok": true, "cost_details": {"upstream_inference_cost": 1}}),
                None,
                true,
            ),
            (
                json!({"cost": 0.95, "cost_details": {"upstream_inference_cost": 19}}),
                Some(19_950_000_000),
                true,
            ),
            (json!({"cost": -1}), None, false),
            (json!({}), None, false),
        ] {
            let billing = stated(&json!({"usage": usage})).billing;
            assert_eq!(billing.stated_nano_usd, nano_usd, "{usage}");
            assert_eq!(billing.own_key, own_key, "{usage}");
        }
    }
}
