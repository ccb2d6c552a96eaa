//! An unrequested event stream. Its text is not an answer, but its facts about the call are
//! extracted.

use serde_json::Value;
use synapse_core::chat::{ChatReply, Usage};
use synapse_core::money::Billing;

use crate::json::{self, Shape};

/// Whether a non-JSON body is an event stream, by content type or first line.
pub(crate) fn is_one(content_type: Option<&str>, body: &[u8]) -> bool {
    let typed = content_type.is_some_and(|each| {
        let each = each.trim_start().as_bytes();
        let start = each.get(..TYPE.len()).unwrap_or_default();
        start.eq_ignore_ascii_case(TYPE)
    });
    let begins = |word: &[u8]| body.trim_ascii_start().starts_with(word);
    typed || begins(b"data:") || begins(b"event:")
}

/// The JSON of a body that is whole and only framed as a stream: comments before it, or a single
/// event with all of the answer. `None` for several events.
pub(crate) fn whole(body: &[u8]) -> Option<&[u8]> {
    let mut rest = body.trim_ascii_start();
    let mut only = None;
    while !rest.is_empty() {
        if only.is_none() && matches!(rest.first(), Some(b'{' | b'[')) {
            return Some(rest);
        }
        let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let (line, behind) = rest.split_at(end.unwrap_or(rest.len()));
        rest = behind.trim_ascii_start();
        match line.strip_prefix(b"data:").map(<[u8]>::trim_ascii) {
            Some(b"[DONE]" | b"") => {}
            Some(_) if only.is_some() => return None,
            Some(data) => only = Some(data),
            None if FIELDS.iter().any(|field| line.starts_with(field)) => {}
            None => return None,
        }
    }
    only
}

/// Whether a value is a whole answer rather than a delta.
pub(crate) fn is_answer(value: &Value) -> bool {
    let message = value.pointer("/choices/0/message");
    message.is_some_and(Value::is_object) || value.get("content").is_some_and(Value::is_array)
}

/// Facts about the call from the events, later ones first. `read` reads one event.
pub(crate) fn stated(
    body: &[u8],
    shape: &'static Shape,
    read: fn(&Value) -> ChatReply,
) -> ChatReply {
    let events = body.split(|byte| matches!(byte, b'\n' | b'\r'));
    let data = events.filter_map(|line| line.strip_prefix(b"data:"));
    data.filter_map(|data| json::read(data.trim_ascii(), shape))
        .fold(ChatReply::default(), |before, seen| {
            // Anthropic nests the message in the first event and puts its end beside it.
            let event = seen.value.get("message").unwrap_or(&seen.value);
            overlaid(before, read(event))
        })
}

/// Overlays `before` with `now`.
fn overlaid(before: ChatReply, now: ChatReply) -> ChatReply {
    let (old, new) = (before.usage, now.usage);
    ChatReply {
        model: now.model.or(before.model),
        finish_reason: now.finish_reason.or(before.finish_reason),
        usage: Usage {
            prompt_tokens: new.prompt_tokens.or(old.prompt_tokens),
            completion_tokens: new.completion_tokens.or(old.completion_tokens),
            cached_tokens: new.cached_tokens.or(old.cached_tokens),
            cache_write_tokens: new.cache_write_tokens.or(old.cache_write_tokens),
            reasoning_tokens: new.reasoning_tokens.or(old.reasoning_tokens),
        },
        billing: if now.billing == Billing::default() {
            before.billing
        } else {
            now.billing
        },
        ..ChatReply::default()
    }
}

/// Other lines of a stream.
const FIELDS: [&[u8]; 4] = [b":", b"event:", b"id:", b"retry:"];
const TYPE: &[u8] = b"text/event-stream";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_answer_is_told_from_a_stream() {
        for (body, expected) in [
            ("data: {\"a\":1}\n\ndata: [DONE]\n\n", Some("{\"a\":1}")),
            (
                "event: message\r\nid: 1\r\ndata:{\"a\":1}\r\n",
                Some("{\"a\":1}"),
            ),
            (": keep-alive\n\n{\"a\":1}", Some("{\"a\":1}")),
            ("data: {\"a\":1}\n\ndata: {\"b\":1}\n\n", None),
            ("data: {\"a\":1}\n\n{\"b\":1}", None),
            ("data: [DONE]", None),
            ("hello", None),
            ("", None),
        ] {
            let found = whole(body.as_bytes());
            assert_eq!(found, expected.map(str::as_bytes), "{body:?}");
        }
    }
}
