//! Serialises a chat request. Writes only what the caller set; `stream` is always false.

use serde::Serialize;
use serde_json::Value;
use synapse_core::chat::{ChatRequest, Content, Message, Parameters, Part, Role};
use synapse_core::error::{Code, Failure};
use synapse_core::provider::TokenCap;

/// Differences between providers' wires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `max_completion_tokens`, accepted by every OpenAI model and required by newer ones.
    OpenAi,
    /// The server's field for the cap (many silently ignore the newer name), and `system` for
    /// `developer`, which most reject.
    Compatible(TokenCap),
}

#[derive(Debug, Serialize)]
struct ChatBody<'a> {
    model: &'a str,
    messages: Vec<BodyMessage<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verbosity: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<&'a Value>,
    #[serde(skip_serializing_if = "<[Value]>::is_empty")]
    tools: &'a [Value],
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
}

#[derive(Debug, Serialize)]
struct BodyMessage<'a> {
    role: &'static str,
    /// `null` if the model called tools without text.
    content: Option<BodyContent<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "<[Value]>::is_empty")]
    tool_calls: &'a [Value],
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum BodyContent<'a> {
    Text(&'a str),
    Parts(Vec<BodyPart<'a>>),
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum BodyPart<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: BodyImage<'a> },
}

#[derive(Debug, Serialize)]
struct BodyImage<'a> {
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

/// The body of `request` in `dialect`.
///
/// # Errors
/// `usage.invalid-arguments` for a value that JSON cannot represent, such as a non-finite
/// temperature.
pub(crate) fn body(dialect: Dialect, request: &ChatRequest) -> Result<Vec<u8>, Failure> {
    let parameters = &request.parameters;
    let (max_completion_tokens, max_tokens) = match dialect {
        Dialect::OpenAi | Dialect::Compatible(TokenCap::MaxCompletionTokens) => {
            (parameters.max_tokens, None)
        }
        Dialect::Compatible(TokenCap::MaxTokens) => (None, parameters.max_tokens),
    };
    written(
        parameters,
        &ChatBody {
            model: request.model.as_str(),
            messages: request
                .messages
                .iter()
                .map(|message| message_body(dialect, message))
                .collect(),
            stream: false,
            max_completion_tokens,
            max_tokens,
            temperature: parameters.temperature,
            top_p: parameters.top_p,
            stop: &parameters.stop,
            seed: parameters.seed,
            reasoning_effort: parameters.reasoning_effort.as_deref(),
            verbosity: parameters.verbosity.as_deref(),
            frequency_penalty: parameters.frequency_penalty,
            presence_penalty: parameters.presence_penalty,
            service_tier: parameters.service_tier.as_deref(),
            response_format: parameters.response_format.as_ref(),
            tools: &parameters.tools,
            tool_choice: parameters.tool_choice.as_ref(),
            parallel_tool_calls: parameters.parallel_tool_calls,
        },
    )
}

/// Serialises `body`, which contains `parameters`. Non-finite numbers would become null, so they
/// are rejected first.
///
/// # Errors
/// `usage.invalid-arguments`; nothing was sent.
pub(crate) fn written(parameters: &Parameters, body: &impl Serialize) -> Result<Vec<u8>, Failure> {
    parameters.check()?;
    serde_json::to_vec(body).map_err(|error| {
        let message = "the request cannot be written as JSON; nothing was sent";
        Failure::new(Code::UsageInvalidArguments, message).caused_by(&error)
    })
}

fn message_body(dialect: Dialect, message: &Message) -> BodyMessage<'_> {
    let role = match (message.role, dialect) {
        (Role::Developer, Dialect::OpenAi) => "developer",
        (Role::System, _) | (Role::Developer, Dialect::Compatible(_)) => "system",
        (Role::User, _) => "user",
        (Role::Assistant, _) => "assistant",
        (Role::Tool, _) => "tool",
    };
    BodyMessage {
        role,
        content: message.content.as_ref().map(content),
        name: message.name.as_deref(),
        tool_calls: &message.tool_calls,
        tool_call_id: message.tool_call_id.as_deref(),
    }
}

/// A single text is a plain string, even if given as a part: some sub-providers accept nothing
/// else. Several parts stay parts, because joining would change the content.
fn content(content: &Content) -> BodyContent<'_> {
    match content {
        Content::Text(text) => BodyContent::Text(text),
        Content::Parts(parts) => match parts.as_slice() {
            [Part::Text(text)] => BodyContent::Text(text),
            several => BodyContent::Parts(several.iter().map(part).collect()),
        },
    }
}

fn part(part: &Part) -> BodyPart<'_> {
    match part {
        Part::Text(text) => BodyPart::Text { text },
        Part::Image(image) => BodyPart::ImageUrl {
            image_url: BodyImage {
                url: image.url.as_str(),
                detail: image.detail.as_deref(),
            },
        },
    }
}
