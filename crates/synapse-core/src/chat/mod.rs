//! One prompt and one answer, as given by the caller and the provider.

mod content;
mod error;
mod image;
mod message;
mod parameters;
mod remark;
mod transcript;
mod weight;

use std::fmt;

use serde_json::{Map, Value};

use crate::error::Failure;
use crate::money::Billing;
pub use crate::money::Usage;
use crate::name::ModelId;

pub use self::content::{Content, Part};
pub use self::error::MessageError;
pub use self::image::{Image, ImageFormat, ImageUrl, ImageUrlError};
pub use self::message::{Message, Role};
pub use self::parameters::Parameters;
pub use self::remark::Remark;
pub use self::transcript::{Unrepeatable, first_words, recorded_answer, recorded_messages};

/// One non-streaming chat request. Fields that are `None` are not sent.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatRequest {
    /// The provider's model id.
    pub model: ModelId,
    /// At least one message, in order.
    pub messages: Vec<Message>,
    /// Explicitly set parameters.
    pub parameters: Parameters,
}

impl ChatRequest {
    /// A request with one user message.
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
    /// The text of the answer; `None` or empty is possible and not an error, see `finish_reason`.
    pub content: Option<String>,
    /// The reasoning, if the provider returns it.
    pub reasoning: Option<String>,
    /// The refusal, if the model declined.
    pub refusal: Option<String>,
    /// Tool calls, as data.
    pub tool_calls: Vec<ToolCall>,
    /// Why the model stopped.
    pub finish_reason: Option<FinishReason>,
    /// The model that the provider reports.
    pub model: Option<String>,
    /// Token counts from the provider.
    pub usage: Usage,
    /// Other billing facts of the answer.
    pub billing: Billing,
    /// Warnings about unreadable parts of the answer.
    pub warnings: Vec<Failure>,
}

/// A tool call requested by the model. Synapse passes it on and runs nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToolCall {
    /// The provider's id of the call.
    pub id: Option<String>,
    /// The tool's name.
    pub name: String,
    /// The arguments as written by the model; may be invalid JSON.
    pub arguments: String,
    /// Provider-specific members of the call, such as the signature that Gemini requires in the
    /// next turn.
    pub extra: Map<String, Value>,
}

/// Notable reasons for the end of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    TokenCap,
    Context,
    Filter,
    Refusal,
    Failure,
    Pause,
    ToolCalls,
}

/// Why the model stopped; an open set.
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

    /// A note for an answer without text.
    #[must_use]
    pub fn without_text(&self) -> Option<&'static str> {
        match self.end()? {
            End::TokenCap => Some(
                "the token cap was spent before any text came, as reasoning models do; raise max tokens",
            ),
            End::Context => Some("prompt and answer together filled the model's context"),
            End::Filter => Some("the provider's content filter withheld the answer"),
            End::Refusal => Some("the model declined, or the provider withheld the answer"),
            End::Failure => Some("the provider failed before any text came"),
            End::Pause => Some("the model paused its turn and would go on if asked"),
            End::ToolCalls => Some("the model asks for tool calls"),
        }
    }

    /// A note for a text that ended this way.
    #[must_use]
    pub fn with_text(&self) -> Option<&'static str> {
        match self.end()? {
            End::TokenCap => {
                Some("the answer reached its token cap; raise max tokens for the rest")
            }
            End::Context => Some("prompt and answer together filled the model's context"),
            End::Filter => Some("the provider's content filter withheld the rest"),
            End::Refusal => Some("the model declined, or the provider withheld the rest"),
            End::Failure => Some("the provider failed before the answer ended"),
            End::Pause => Some("the model paused its turn and would go on if asked"),
            End::ToolCalls => None,
        }
    }

    /// The meaning of the word at any provider: OpenAI, Anthropic, Gemini, Mistral, Cohere,
    /// DeepSeek, Zhipu, and routers that pass others on.
    fn end(&self) -> Option<End> {
        match self.0.to_ascii_lowercase().as_str() {
            "length" | "max_tokens" | "max_output_tokens" | "max_length" => Some(End::TokenCap),
            "model_context_window_exceeded" | "model_length" | "context_length" | "error_limit" => {
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
            | "error_toxic"
            | "flagged"
            | "moderation"
            | "image_safety"
            | "language" => Some(End::Filter),
            "error"
            | "failed"
            | "engine_error"
            | "internal_error"
            | "network_error"
            | "model_error"
            | "insufficient_system_resource"
            | "malformed_function_call"
            | "unexpected_tool_call"
            | "abort"
            | "aborted"
            | "cancelled"
            | "canceled"
            | "user_cancel"
            | "interrupted"
            | "timeout" => Some(End::Failure),
            "pause_turn" => Some(End::Pause),
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
