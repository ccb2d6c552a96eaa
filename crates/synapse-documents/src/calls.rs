//! Documents of calls: answers, and requests as they would be sent.

use serde::Serialize;
use serde_json::{Map, Value};
use synapse_core::chat::{ChatReply, ToolCall};
use synapse_core::engine::Outgoing;
use synapse_core::error::{Failure, RemedyText};
use synapse_core::receipt::Receipt;

use crate::failure::ErrorView;
use crate::receipt::ReceiptView;

/// `synapse.chat/1`: an answer and its receipt.
#[derive(Debug, Clone, Serialize)]
pub struct ChatDocument {
    schema: &'static str,
    ok: bool,
    content: Option<String>,
    reasoning: Option<String>,
    refusal: Option<String>,
    tool_calls: Vec<ToolCallView>,
    receipt: ReceiptView,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<ErrorView>,
}

/// A tool call requested by the model.
#[derive(Debug, Clone, Serialize)]
pub struct ToolCallView {
    id: Option<String>,
    name: String,
    /// JSON text as written by the model, possibly invalid.
    arguments: String,
    /// Provider-specific members, to be sent back with the call.
    #[serde(skip_serializing_if = "Map::is_empty")]
    extra: Map<String, Value>,
}

impl From<&ToolCall> for ToolCallView {
    fn from(call: &ToolCall) -> Self {
        Self {
            id: call.id.clone(),
            name: call.name.clone(),
            arguments: call.arguments.clone(),
            extra: call.extra.clone(),
        }
    }
}

impl ChatDocument {
    /// The document of an answer. `remedies` renders the commands of its warnings.
    #[must_use]
    pub fn new(
        reply: &ChatReply,
        receipt: &Receipt,
        warnings: &[Failure],
        remedies: &dyn RemedyText,
    ) -> Self {
        Self {
            schema: "synapse.chat/1",
            ok: true,
            content: reply.content.clone(),
            reasoning: reply.reasoning.clone(),
            refusal: reply.refusal.clone(),
            tool_calls: reply.tool_calls.iter().map(ToolCallView::from).collect(),
            receipt: ReceiptView::from(receipt),
            warnings: ErrorView::all(warnings, remedies),
        }
    }
}

/// `synapse.chat-request/1`: an unsent request.
#[derive(Debug, Clone, Serialize)]
pub struct OutgoingDocument {
    schema: &'static str,
    ok: bool,
    connection: String,
    url: String,
    /// The exact body.
    body: String,
}

impl OutgoingDocument {
    /// The document of a request.
    #[must_use]
    pub fn new(outgoing: &Outgoing) -> Self {
        Self {
            schema: "synapse.chat-request/1",
            ok: true,
            connection: outgoing.connection.to_string(),
            url: outgoing.url.clone(),
            body: outgoing.body.clone(),
        }
    }
}
