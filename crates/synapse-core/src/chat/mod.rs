//! One prompt and one answer, as the caller gave it and as the provider gave it.

mod content;
mod image;
mod message;
mod parameters;
mod remark;
mod transcript;

use std::fmt;

use serde_json::{Map, Value};

use crate::cost::Billing;
use crate::error::Failure;
use crate::name::ModelId;

pub use self::content::{Content, Part};
pub use self::image::{Image, ImageFormat, ImageUrl, ImageUrlError};
pub use self::message::{Message, MessageError, Role};
pub use self::parameters::Parameters;
pub use self::remark::Remark;
pub use self::transcript::{Unrepeatable, first_words, recorded_answer, recorded_messages};

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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    /// What of the answer could not be read.
    pub warnings: Vec<Failure>,
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

/// Why a model stopped, where that is worth telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    TokenCap,
    Context,
    Filter,
    Refusal,
    ToolCalls,
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
        match self.end()? {
            End::TokenCap => Some(
                "the token cap was spent before any text came, as reasoning models do; raise max tokens",
            ),
            End::Context => Some("prompt and answer together filled the model's context"),
            End::Filter => Some("the provider's content filter withheld the answer"),
            End::Refusal => Some("the model declined, or the provider withheld the answer"),
            End::ToolCalls => Some("the model asks for tool calls"),
        }
    }

    /// What the reader should know of a text that ended this way.
    #[must_use]
    pub fn with_text(&self) -> Option<&'static str> {
        match self.end()? {
            End::TokenCap => {
                Some("the answer reached its token cap; raise max tokens for the rest")
            }
            End::Context => Some("prompt and answer together filled the model's context"),
            End::Filter => Some("the provider's content filter withheld the rest"),
            End::Refusal => Some("the model declined, or the provider withheld the rest"),
            End::ToolCalls => None,
        }
    }

    /// What the word means, whoever says it: OpenAI, Anthropic, Gemini, Mistral, Cohere.
    fn end(&self) -> Option<End> {
        match self.0.to_ascii_lowercase().as_str() {
            "length" | "max_tokens" | "max_output_tokens" | "max_length" => Some(End::TokenCap),
            "model_context_window_exceeded" | "model_length" | "context_length" => {
                Some(End::Context)
            }
            "content_filter"
            | "content_filtered"
            | "safety"
            | "recitation"
            | "blocklist"
            | "prohibited_content"
            | "spii"
            | "sensitive"
            | "guardrail_intervened"
            | "error_toxic" => Some(End::Filter),
            "refusal" => Some(End::Refusal),
            "tool_calls" | "function_call" | "tool_use" => Some(End::ToolCalls),
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
