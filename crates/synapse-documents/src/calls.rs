//! Documents of calls: answers, receipts, and requests as they would be sent.

use serde::Serialize;
use serde_json::{Map, Value};
use synapse_core::chat::{ChatReply, ToolCall, Usage};
use synapse_core::engine::Outgoing;
use synapse_core::error::{Failure, RemedyText};
use synapse_core::receipt::Receipt;

use crate::failure::ErrorView;

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

/// The receipt of a call.
#[derive(Debug, Clone, Serialize)]
pub struct ReceiptView {
    call_id: String,
    connection: Option<String>,
    provider: Option<String>,
    host: Option<String>,
    model_requested: Option<String>,
    model_served: Option<String>,
    served_by: Option<String>,
    attempts: u8,
    http_status: Option<u16>,
    request_id: Option<String>,
    finish_reason: Option<String>,
    usage: UsageView,
    cost: CostView,
    headers_ms: Option<u64>,
    latency_ms: Option<u64>,
    bytes_out: u64,
    bytes_in: u64,
    maybe_billed: bool,
}

#[derive(Debug, Clone, Serialize)]
struct UsageView {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
}

#[derive(Debug, Clone, Serialize)]
struct CostView {
    amount_nano_usd: Option<u64>,
    source: &'static str,
    priced_at: Option<String>,
}

impl From<&Receipt> for ReceiptView {
    fn from(receipt: &Receipt) -> Self {
        let exchange = &receipt.exchange;
        Self {
            call_id: receipt.call_id.to_string(),
            connection: known(&receipt.connection),
            provider: known(&receipt.provider),
            host: known(&exchange.host),
            model_requested: known(&receipt.model_requested),
            model_served: receipt.model_served.clone(),
            served_by: exchange.served_by.clone(),
            attempts: exchange.attempts,
            http_status: exchange.http_status,
            request_id: exchange.request_id.clone(),
            finish_reason: receipt.finish_reason.clone(),
            usage: UsageView::from(&receipt.usage),
            cost: CostView {
                amount_nano_usd: receipt.cost.amount_nano_usd,
                source: receipt.cost.source.as_str(),
                priced_at: receipt.cost.priced_at.map(|time| time.to_string()),
            },
            headers_ms: exchange.headers_ms,
            latency_ms: receipt.latency_ms,
            bytes_out: exchange.bytes_out,
            bytes_in: exchange.bytes_in,
            maybe_billed: exchange.maybe_billed,
        }
    }
}

/// A text; hub rows have an empty connection.
fn known(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

impl From<&Usage> for UsageView {
    fn from(usage: &Usage) -> Self {
        Self {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            cached_tokens: usage.cached_tokens,
            cache_write_tokens: usage.cache_write_tokens,
            reasoning_tokens: usage.reasoning_tokens,
        }
    }
}
