//! Vendor-specific fields of compatible servers. Standard fields are read by `completion` and take
//! precedence.

use serde_json::Value;
use synapse_core::chat::{ChatReply, Usage};
use synapse_core::money::Billing;

use super::completion::{self, usage_of};
use super::{count, text};

/// Fills gaps from vendor-specific fields of `body`.
pub(crate) fn fill_in(reply: &mut ChatReply, body: &Value) {
    let Some(usage) = usage_of(body) else {
        return;
    };
    let read = &mut reply.usage;
    // DeepSeek, then Together.
    let cached =
        || count(usage, "prompt_cache_hit_tokens").or_else(|| count(usage, "cached_tokens"));
    read.cached_tokens = read.cached_tokens.or_else(cached);
    let reasoning = || count(usage, "reasoning_tokens");
    read.reasoning_tokens = read.reasoning_tokens.or_else(reasoning);
    *read = with_reasoning_beside(*read, count(usage, "total_tokens"));
    if !reply.billing.own_key {
        let stated = &mut reply.billing.stated_nano_usd;
        *stated = stated.or_else(|| ticks(usage));
    }
}

/// Facts about a call, from standard and vendor-specific fields.
pub(crate) fn stated(body: &Value) -> ChatReply {
    let mut reply = completion::stated(body);
    fill_in(&mut reply, body);
    reply
}

/// The sub-provider named by a router in the body (OpenRouter).
pub(crate) fn sub_provider(body: &Value) -> Option<String> {
    text(body, "provider")
}

/// xAI states money in ticks, 10¹⁰ per dollar (<https://docs.x.ai/developers/cost-tracking>).
fn ticks(usage: &Value) -> Option<u64> {
    Billing::nano_usd(&format!("{}e-10", count(usage, "cost_in_usd_ticks")?))
}

/// Some servers count reasoning beside the completion (xAI) or only in the total (Gemini): the
/// excess of the total over prompt and completion is reasoning, unless it is stated separately.
fn with_reasoning_beside(usage: Usage, total: Option<u64>) -> Usage {
    let (Some(prompt), Some(completion), Some(total)) =
        (usage.prompt_tokens, usage.completion_tokens, total)
    else {
        return usage;
    };
    let beside = total
        .checked_sub(prompt)
        .and_then(|rest| rest.checked_sub(completion))
        .filter(|beside| *beside > 0 && usage.reasoning_tokens.is_none_or(|told| told == *beside));
    match beside {
        None => usage,
        Some(beside) => Usage {
            completion_tokens: Some(completion + beside),
            reasoning_tokens: Some(beside),
            ..usage
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filled(usage: &Value) -> ChatReply {
        let body = json!({"choices": [{"message": {}}], "usage": usage});
        let mut reply = completion::read(&body).unwrap();
        fill_in(&mut reply, &body);
        reply
    }

    #[test]
    fn reasoning_that_stands_beside_the_completion_is_added_once() {
        let counts = |usage: &Value| {
            let read = filled(usage).usage;
            (read.completion_tokens, read.reasoning_tokens)
        };
        let x_ai = json!({"prompt_tokens": 119, "completion_tokens": 9, "total_tokens": 226,
            "completion_tokens_details": {"reasoning_tokens": 98}});
        assert_eq!(counts(&x_ai), (Some(107), Some(98)));
        let gemini = json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 45});
        assert_eq!(counts(&gemini), (Some(35), Some(30)));
        let inside = json!({"prompt_tokens": 10, "completion_tokens": 35, "total_tokens": 45,
            "reasoning_tokens": 30});
        assert_eq!(counts(&inside), (Some(35), Some(30)));
        let odd = json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 45,
            "completion_tokens_details": {"reasoning_tokens": 7}});
        assert_eq!(
            counts(&odd),
            (Some(5), Some(7)),
            "cannot be told, so it stays as it came"
        );
    }

    #[test]
    fn the_reason_of_a_sub_provider_stands_in_for_one_that_is_missing() {
        let reason = |choice: &str| {
            let choice: Value = serde_json::from_str(choice).unwrap();
            let reply = completion::read(&json!({"choices": [choice]}));
            reply.unwrap().finish_reason.unwrap().as_str().to_owned()
        };
        let native = r#"{"message": {}, "finish_reason": null, "native_finish_reason": "MAX"}"#;
        assert_eq!(reason(native), "MAX");
        let both = r#"{"message": {}, "finish_reason": "length", "native_finish_reason": "MAX"}"#;
        assert_eq!(reason(both), "length");
    }

    #[test]
    fn a_call_keeps_what_is_said_beside_the_api_and_no_more() {
        let call = json!({"id": "1", "type": "function", "index": 0, "nothing": null,
            "function": {"name": "f"}, "extra_content": {"signature": "s"}});
        let body = json!({"choices": [{"message": {"tool_calls": [call]}}]});
        let reply = completion::read(&body).unwrap();
        let extra = Value::Object(reply.tool_calls[0].extra.clone());
        assert_eq!(extra, json!({"extra_content": {"signature": "s"}}));
    }

    #[test]
    fn what_the_api_has_a_field_for_is_not_overruled() {
        let both = json!({"prompt_tokens_details": {"cached_tokens": 1},
            "prompt_cache_hit_tokens": 2, "cost": 0.5, "cost_in_usd_ticks": 7});
        let read = filled(&both);
        assert_eq!(read.usage.cached_tokens, Some(1));
        assert_eq!(read.billing.stated_nano_usd, Some(500_000_000));
        let own = json!({"prompt_cache_hit_tokens": 2, "cost_in_usd_ticks": 37_756_000});
        let read = filled(&own);
        assert_eq!(read.usage.cached_tokens, Some(2));
        assert_eq!(read.billing.stated_nano_usd, Some(3_775_600));
        assert_eq!(
            filled(&json!({})),
            ChatReply::default(),
            "absent is unknown"
        );
    }
}
