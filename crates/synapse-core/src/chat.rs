//! One prompt and one answer, as the caller gave it and as the provider gave it.

mod content;
mod image;
mod message;
mod parameters;
mod transcript;

use std::fmt;

use serde_json::{Map, Value};

use crate::cost::Billing;
use crate::name::ModelId;

pub use self::content::{Content, Part};
pub use self::image::{Image, ImageFormat, ImageUrl, ImageUrlError};
pub use self::message::{Message, MessageError, Role};
pub use self::parameters::Parameters;

/// One non-streaming chat request. Fields that are `None` are not sent.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatRequest {
    /// The model as the provider calls it.
    pub model: ModelId,
    /// At least one message, in order.
    pub messages: Vec<Message>,
    /// Parameters that the caller set.
    pub parameters: Parameters,
}

impl ChatRequest {
    /// A request of one user message and nothing else.
    #[must_use]
    pub fn prompt(model: ModelId, prompt: impl Into<String>) -> Self {
        Self {
            model,
            messages: vec![Message::new(Role::User, prompt)],
            parameters: Parameters::default(),
        }
    }
}

/// The provider's answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChatReply {
    /// The text of the answer; `None` or empty is possible and no error, see `finish_reason`.
    pub content: Option<String>,
    /// The thinking, when the provider shows it.
    pub reasoning: Option<String>,
    /// The text with which the model declined.
    pub refusal: Option<String>,
    /// Tool calls, as data.
    pub tool_calls: Vec<ToolCall>,
    /// Why the model stopped.
    pub finish_reason: Option<FinishReason>,
    /// The model that the provider says it used.
    pub model: Option<String>,
    /// The tokens that the provider counted.
    pub usage: Usage,
    /// What else the answer tells about its bill.
    pub billing: Billing,
}

/// A tool call that the model asks for. Synapse passes it on and runs nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToolCall {
    /// The provider's id of the call.
    pub id: Option<String>,
    /// The tool's name.
    pub name: String,
    /// The arguments as the model wrote them; not necessarily valid JSON.
    pub arguments: String,
    /// Members of the call that are the provider's own, such as the signature that Gemini wants to
    /// see again in the next turn.
    pub extra: Map<String, Value>,
}

/// Why the model stopped; the set is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishReason(String);

impl FinishReason {
    /// Wraps the provider's word.
    pub fn new(word: impl Into<String>) -> Self {
        Self(word.into())
    }

    /// The provider's word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the reader should know when there is no text.
    #[must_use]
    pub fn without_text(&self) -> Option<&'static str> {
        match self.0.as_str() {
            "length" | "max_tokens" => Some(
                "the token cap was spent before any text came, as reasoning models do; raise max tokens",
            ),
            "content_filter" => Some("the provider's content filter withheld the answer"),
            "refusal" => Some("the model declined, or the provider withheld the answer"),
            "model_context_window_exceeded" => {
                Some("prompt and answer together filled the model's context")
            }
            "tool_calls" | "function_call" | "tool_use" => Some("the model asks for tool calls"),
            _ => None,
        }
    }
}

impl fmt::Display for FinishReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Token counts as the provider told them. `None` is unknown, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Tokens of the prompt, cached ones included.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the answer, reasoning included.
    pub completion_tokens: Option<u64>,
    /// Prompt tokens read from the provider's cache.
    pub cached_tokens: Option<u64>,
    /// Prompt tokens written to the provider's cache.
    pub cache_write_tokens: Option<u64>,
    /// Completion tokens spent on reasoning.
    pub reasoning_tokens: Option<u64>,
}
