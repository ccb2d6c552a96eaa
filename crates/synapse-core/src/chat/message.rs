//! A message of a conversation. Parsing it from the chat-completions JSON refuses anything that
//! would not be sent, so that nothing is silently dropped.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::ToolCall;
use super::content::{Content, Part};
use super::error::MessageError;

/// A message of the conversation.
///
/// Its fields are those of the API. [`Message::check`] validates their combination, as does parsing
/// from JSON.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Fields")]
pub struct Message {
    /// The author.
    pub role: Role,
    /// The content, verbatim. `None` only if the model called tools without text.
    pub content: Option<Content>,
    /// The participant's name, if several share a role.
    pub name: Option<String>,
    /// The model's tool calls from an earlier turn, verbatim.
    pub tool_calls: Vec<Value>,
    /// The call answered by a tool message.
    pub tool_call_id: Option<String>,
}

impl Message {
    /// A message of plain text.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Self::of(role, Content::Text(content.into()))
    }

    /// A message of several parts, such as a question and an image.
    #[must_use]
    pub fn parts(role: Role, parts: Vec<Part>) -> Self {
        Self::of(role, Content::Parts(parts))
    }

    /// An earlier turn in which the model called tools without text.
    #[must_use]
    pub fn tool_calls(calls: &[ToolCall]) -> Self {
        Self {
            role: Role::Assistant,
            content: None,
            name: None,
            tool_calls: calls.iter().map(as_given).collect(),
            tool_call_id: None,
        }
    }

    /// The result of the tool call `tool_call_id`.
    pub fn tool_result(tool_call_id: impl Into<String>, content: impl Into<String>) -> Self {
        Self {
            tool_call_id: Some(tool_call_id.into()),
            ..Self::new(Role::Tool, content)
        }
    }

    fn of(role: Role, content: Content) -> Self {
        Self {
            role,
            content: Some(content),
            name: None,
            tool_calls: Vec::new(),
            tool_call_id: None,
        }
    }

    /// Validates the combination of fields.
    ///
    /// # Errors
    /// The first violated rule of the API.
    pub fn check(&self) -> Result<(), MessageError> {
        let asks_for_tools = !self.tool_calls.is_empty();
        match self.role {
            Role::Assistant => {}
            _ if asks_for_tools => return Err(MessageError::ToolCallsOfAnother),
            _ => {}
        }
        match (self.role, &self.tool_call_id) {
            (Role::Tool, None) => return Err(MessageError::NoToolCallId),
            (Role::Tool, Some(_)) | (_, None) => {}
            (_, Some(_)) => return Err(MessageError::ToolCallIdOfAnother),
        }
        if !self.tool_calls.iter().all(Value::is_object) {
            return Err(MessageError::ToolCallShape);
        }
        match &self.content {
            None if !asks_for_tools => Err(MessageError::NoContent),
            Some(Content::Parts(parts)) if parts.is_empty() => Err(MessageError::NoParts),
            None | Some(_) => Ok(()),
        }
    }
}

/// The author of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions. Sent as `system`, which every provider accepts.
    System,
    /// Instructions, as newer OpenAI models name them. Other providers reject it.
    Developer,
    /// The user.
    User,
    /// The model, in an earlier turn.
    Assistant,
    /// The result of a tool called by the model.
    Tool,
}

/// A message as the API writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a message: {\"role\", \"content\"}")]
struct Fields {
    role: Role,
    content: Option<Content>,
    name: Option<String>,
    tool_calls: Option<Vec<Value>>,
    tool_call_id: Option<String>,
}

impl TryFrom<Fields> for Message {
    type Error = MessageError;

    fn try_from(fields: Fields) -> Result<Self, MessageError> {
        let calls = fields.tool_calls.unwrap_or_default();
        let message = Self {
            role: fields.role,
            content: fields.content,
            name: fields.name,
            tool_calls: calls.into_iter().map(as_the_api_writes).collect(),
            tool_call_id: fields.tool_call_id,
        };
        message.check().map(|()| message)
    }
}

/// A call as the API writes it, followed by provider-specific members.
fn as_given(call: &ToolCall) -> Value {
    let mut given = json!({
        "id": call.id,
        "type": "function",
        "function": { "name": call.name, "arguments": call.arguments },
    });
    if let Some(members) = given.as_object_mut() {
        for (key, value) in &call.extra {
            members.entry(key).or_insert_with(|| value.clone());
        }
    }
    given
}

/// Accepts a call verbatim from the API, or from our own documents: id, name, arguments, and
/// optional `extra`.
fn as_the_api_writes(call: Value) -> Value {
    let member = |key: &str| call.get(key).and_then(Value::as_str).map(str::to_owned);
    let (Some(object), Some(name), Some(arguments)) =
        (call.as_object(), member("name"), member("arguments"))
    else {
        return call;
    };
    let extra = match object.get(EXTRA) {
        None => Map::new(),
        Some(Value::Object(extra)) => extra.clone(),
        Some(_) => return call,
    };
    let known = |key: &str| key == EXTRA || DOCUMENT_KEYS.contains(&key);
    if !object.contains_key("id") || !object.keys().all(|key| known(key)) {
        return call;
    }
    as_given(&ToolCall {
        id: member("id"),
        name,
        arguments,
        extra,
    })
}

const DOCUMENT_KEYS: [&str; 3] = ["id", "name", "arguments"];
const EXTRA: &str = "extra";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Image;

    fn read(message: Value) -> Result<Message, String> {
        Message::deserialize(message).map_err(|error| error.to_string())
    }

    #[test]
    fn the_shapes_of_the_api_are_read() {
        assert_eq!(
            read(json!({"role": "user", "content": "hi", "name": "ada"})),
            Ok(Message {
                name: Some("ada".into()),
                ..Message::new(Role::User, "hi")
            })
        );
        assert_eq!(
            read(json!({"role": "user", "content": [
                {"type": "text", "text": "What is it?"},
                {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
            ]})),
            Ok(Message::parts(
                Role::User,
                vec![
                    Part::Text("What is it?".into()),
                    Part::Image(Image {
                        url: "https://example.com/a.png".parse().unwrap(),
                        detail: Some("low".into()),
                    }),
                ]
            ))
        );
        assert_eq!(
            read(json!({"role": "tool", "content": "21 °C", "tool_call_id": "call_1"})),
            Ok(Message::tool_result("call_1", "21 °C"))
        );
    }

    #[test]
    fn tool_calls_are_kept_whole_or_taken_from_our_own_document() {
        let given = json!({"type": "function", "id": "call_1", "extra_content": {"signature": "x"},
            "function": {"name": "weather", "arguments": "{\"city\":"}});
        let message =
            read(json!({"role": "assistant", "content": null, "tool_calls": [given]})).unwrap();
        assert_eq!(message.content, None);
        assert_eq!(message.tool_calls[0].to_string(), given.to_string());

        let shown = json!({"id": "call_1", "name": "weather", "arguments": "{}"});
        let message = read(json!({"role": "assistant", "tool_calls": [shown]})).unwrap();
        assert_eq!(
            message,
            Message::tool_calls(&[ToolCall {
                id: Some("call_1".into()),
                name: "weather".into(),
                arguments: "{}".into(),
                ..ToolCall::default()
            }])
        );
        assert_eq!(
            message.tool_calls[0].to_string(),
            r#"{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{}"}}"#
        );
    }

    #[test]
    fn members_of_the_providers_own_go_back_with_the_call() {
        let shown = json!({"id": "call_1", "name": "weather", "arguments": "{}",
            "extra": {"extra_content": {"google": {"thought_signature": "c2ln"}}, "type": "x"}});
        let message = read(json!({"role": "assistant", "tool_calls": [shown]})).unwrap();
        assert_eq!(
            message.tool_calls[0].to_string(),
            r#"{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{}"},"extra_content":{"google":{"thought_signature":"c2ln"}}}"#
        );
        let odd = json!({"id": "call_1", "name": "weather", "arguments": "{}", "extra": 7});
        let message = read(json!({"role": "assistant", "tool_calls": [odd]})).unwrap();
        assert_eq!(message.tool_calls[0], odd, "not ours, so it stays as it is");
    }

    #[test]
    fn what_would_not_be_sent_is_refused_with_the_reason() {
        let part = "a part is";
        for (message, reason) in [
            (json!("hi"), "a message: {\"role\", \"content\"}"),
            (
                json!({"role": "bot", "content": "hi"}),
                "unknown variant `bot`",
            ),
            (json!({"content": "hi"}), "missing field `role`"),
            (json!({"role": "user"}), "`content` is missing"),
            (
                json!({"role": "assistant", "content": null}),
                "`content` is missing",
            ),
            (
                json!({"role": "user", "content": 5}),
                "text or as a list of parts",
            ),
            (
                json!({"role": "user", "content": {"type": "text"}}),
                "text or as a list of parts",
            ),
            (json!({"role": "user", "content": []}), "has no part"),
            (json!({"role": "user", "content": ["hi"]}), "a part: "),
            (json!({"role": "user", "content": [{"type": "text"}]}), part),
            (
                json!({"role": "user", "content": [{"type": "image_url", "text": "x"}]}),
                part,
            ),
            (
                json!({"role": "user", "content": [{"type": "input_audio", "text": "x"}]}),
                "unknown variant `input_audio`, expected `text` or `image_url`",
            ),
            (
                json!({"role": "user", "content": [{"type": "image_url", "image_url": "https://x"}]}),
                "an image: {\"url\"}",
            ),
            (
                json!({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "a.png"}}]}),
                "begins with https://",
            ),
            (
                json!({"role": "user", "content": "hi", "refusal": null}),
                "unknown field `refusal`",
            ),
            (
                json!({"role": "tool", "content": "21"}),
                "needs the `tool_call_id`",
            ),
            (
                json!({"role": "user", "content": "hi", "tool_call_id": "c"}),
                "only a tool message",
            ),
            (
                json!({"role": "user", "content": "hi", "tool_calls": [{}]}),
                "only an assistant",
            ),
            (
                json!({"role": "assistant", "tool_calls": ["x"]}),
                "a tool call is an object",
            ),
        ] {
            let error = read(message.clone()).unwrap_err();
            assert!(error.contains(reason), "{message}: {error}");
        }
    }
}
