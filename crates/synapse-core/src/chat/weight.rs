//! Whether a request or an answer is so large that work on it holds up an async runtime.

use serde_json::Value;

use super::{ChatReply, ChatRequest, Content, Message, Part};

impl ChatRequest {
    /// Whether working on the whole request may take a millisecond. Looks at no more of it than it
    /// needs to know.
    #[must_use]
    pub fn is_large(&self) -> bool {
        let mut room = LARGE;
        let parameters = &self.parameters;
        let values = [&parameters.response_format, &parameters.tool_choice];
        let mut values = values.into_iter().flatten().chain(&parameters.tools);
        let fits = self
            .messages
            .iter()
            .all(|message| fits_message(message, &mut room))
            && values.all(|value| fits_value(value, &mut room));
        !fits
    }
}

impl ChatReply {
    /// Whether working on the whole answer may take a millisecond.
    #[must_use]
    pub fn is_large(&self) -> bool {
        let texts = [&self.content, &self.reasoning, &self.refusal];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        let calls = self.tool_calls.iter();
        let calls: usize = calls.map(|call| A_VALUE + call.arguments.len()).sum();
        texts + calls > LARGE
    }
}

fn fits_message(message: &Message, room: &mut usize) -> bool {
    let content = match &message.content {
        None => true,
        Some(Content::Text(text)) => take(text.len(), room),
        Some(Content::Parts(parts)) => parts.iter().all(|part| {
            let bytes = match part {
                Part::Text(text) => text.len(),
                Part::Image(image) => image.url.as_str().len(),
            };
            take(A_VALUE + bytes, room)
        }),
    };
    content && take(A_VALUE, room) && message.tool_calls.iter().all(|call| fits_value(call, room))
}

/// Parsing limited the depth.
fn fits_value(value: &Value, room: &mut usize) -> bool {
    take(A_VALUE + value.as_str().map_or(0, str::len), room)
        && match value {
            Value::Array(items) => items.iter().all(|item| fits_value(item, room)),
            Value::Object(members) => members
                .iter()
                .all(|(key, member)| take(key.len(), room) && fits_value(member, room)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        }
}

fn take(bytes: usize, room: &mut usize) -> bool {
    *room = room.saturating_sub(bytes);
    *room > 0
}

/// Less is copied or written in a fraction of a millisecond.
const LARGE: usize = 256 * 1024;
/// The weight of a message, a part or a value beside its text.
const A_VALUE: usize = 512;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::chat::{Role, ToolCall};

    fn with(change: impl FnOnce(&mut ChatRequest)) -> bool {
        let mut request = ChatRequest::prompt("m".parse().unwrap(), "hi");
        change(&mut request);
        request.is_large()
    }

    #[test]
    fn every_part_of_a_request_weighs() {
        let text = || "x".repeat(LARGE);
        assert!(!with(|_| ()));
        assert!(!with(
            |request| request.parameters.tools = vec![json!({"a": [1]})]
        ));
        assert!(with(
            |request| request.messages = vec![Message::new(Role::User, text())]
        ));
        assert!(with(|request| {
            request.messages = vec![Message::new(Role::User, "x"); LARGE / A_VALUE];
        }));
        assert!(with(|request| {
            request.messages = vec![Message::parts(Role::User, vec![Part::Text(text())])];
        }));
        assert!(with(|request| {
            let call = ToolCall {
                arguments: text(),
                ..ToolCall::default()
            };
            request.messages = vec![Message::tool_calls(&[call])];
        }));
        assert!(with(
            |request| request.parameters.tools = vec![json!({ text(): 1 })]
        ));
        assert!(with(|request| {
            request.parameters.response_format = Some(json!(vec![1; LARGE / A_VALUE]));
        }));
    }

    #[test]
    fn every_text_of_an_answer_weighs() {
        let text = || Some("x".repeat(LARGE + 1));
        let short = ChatReply {
            content: Some("hi".into()),
            ..ChatReply::default()
        };
        assert!(!short.is_large());
        for reply in [
            ChatReply {
                content: text(),
                ..ChatReply::default()
            },
            ChatReply {
                reasoning: text(),
                ..ChatReply::default()
            },
            ChatReply {
                tool_calls: vec![ToolCall::default(); LARGE / A_VALUE + 1],
                ..ChatReply::default()
            },
        ] {
            assert!(reply.is_large());
        }
    }
}
