//! Why a message is no message of the API.

use thiserror::Error;

/// Why the API would reject a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MessageError {
    /// `content` is missing or null, without tool calls.
    #[error("`content` is missing; only an assistant message with `tool_calls` may be without")]
    NoContent,
    /// `content` is an empty list.
    #[error("`content` has no part")]
    NoParts,
    /// `tool_calls` in a message of another role.
    #[error("only an assistant message has `tool_calls`")]
    ToolCallsOfAnother,
    /// A tool message without `tool_call_id`.
    #[error("a tool message needs the `tool_call_id` of the call that it answers")]
    NoToolCallId,
    /// `tool_call_id` in a message of another role.
    #[error("only a tool message has a `tool_call_id`")]
    ToolCallIdOfAnother,
    /// A non-object in `tool_calls`.
    #[error(
        "a tool call is an object: {{\"id\", \"type\": \"function\", \"function\": {{\"name\", \"arguments\"}}}}"
    )]
    ToolCallShape,
    /// A text part without text, or an image part without an image.
    #[error(
        "a part is {{\"type\": \"text\", \"text\"}} or {{\"type\": \"image_url\", \"image_url\": {{\"url\"}}}}"
    )]
    PartShape,
}
