//! One prompt and one answer, as the caller gave it and as the provider gave it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::cost::Billing;
use crate::error::{Code, Failure};
use crate::name::ModelId;

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

/// One message of the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, exactly.
    pub content: String,
}

impl Message {
    /// A message of plain text.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Self {
            role,
            content: content.into(),
        }
    }
}

/// Who speaks in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions. Sent as `system`, which both providers take.
    System,
    /// Instructions, as newer OpenAI models call them. Other providers refuse it.
    Developer,
    /// The user.
    User,
    /// The model, in an earlier turn.
    Assistant,
}

impl FromStr for Role {
    type Err = Failure;

    /// # Errors
    /// `usage.invalid-arguments` for any other word.
    fn from_str(text: &str) -> Result<Self, Failure> {
        match text {
            "system" => Ok(Self::System),
            "developer" => Ok(Self::Developer),
            "user" => Ok(Self::User),
            "assistant" => Ok(Self::Assistant),
            _ => Err(
                Failure::new(Code::UsageInvalidArguments, "that role is not known")
                    .cause("a role is system, developer, user or assistant"),
            ),
        }
    }
}

/// Optional parameters. What is `None` is left to the provider.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parameters {
    /// The most tokens to generate, reasoning included.
    pub max_tokens: Option<u64>,
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Nucleus sampling.
    pub top_p: Option<f64>,
    /// Texts that end the answer.
    pub stop: Vec<String>,
    /// Seed for repeatable sampling, where the provider supports it.
    pub seed: Option<i64>,
    /// How much a reasoning model may think: the provider's own words, such as `low`.
    pub reasoning_effort: Option<String>,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// The provider's id of the call.
    pub id: Option<String>,
    /// The tool's name.
    pub name: String,
    /// The arguments as the model wrote them; not necessarily valid JSON.
    pub arguments: String,
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
            "length" => Some(
                "the token cap was spent before any text came, as reasoning models do; raise max tokens",
            ),
            "content_filter" => Some("the provider's content filter withheld the answer"),
            "tool_calls" | "function_call" => Some("the model asks for tool calls"),
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
