//! The documents of calls: chat, history, usage.

use serde::Serialize;

use super::failure::ErrorView;
use crate::chat::{ChatReply, ToolCall, Usage};
use crate::error::Failure;
use crate::ledger::{Entry, UsageLine, UsageQuery, UsageReport};
use crate::receipt::Receipt;

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

/// A tool call that the model asks for, inside a document.
#[derive(Debug, Clone, Serialize)]
pub struct ToolCallView {
    id: Option<String>,
    name: String,
    /// JSON text as the model wrote it, not necessarily valid.
    arguments: String,
}

impl From<&ToolCall> for ToolCallView {
    fn from(call: &ToolCall) -> Self {
        Self {
            id: call.id.clone(),
            name: call.name.clone(),
            arguments: call.arguments.clone(),
        }
    }
}

impl ChatDocument {
    /// The document of an answer.
    #[must_use]
    pub fn new(reply: &ChatReply, receipt: &Receipt, warnings: &[Failure]) -> Self {
        Self {
            schema: "synapse.chat/1",
            ok: true,
            content: reply.content.clone(),
            reasoning: reply.reasoning.clone(),
            refusal: reply.refusal.clone(),
            tool_calls: reply.tool_calls.iter().map(ToolCallView::from).collect(),
            receipt: ReceiptView::from(receipt),
            warnings: warnings.iter().map(ErrorView::from).collect(),
        }
    }
}

/// What one call did, inside a document.
#[derive(Debug, Clone, Serialize)]
pub struct ReceiptView {
    call_id: String,
    connection: String,
    provider: String,
    host: String,
    model_requested: String,
    model_served: Option<String>,
    served_by: Option<String>,
    attempts: u8,
    http_status: Option<u16>,
    request_id: Option<String>,
    finish_reason: Option<String>,
    usage: UsageView,
    cost: CostView,
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
            connection: receipt.connection.clone(),
            provider: receipt.provider.clone(),
            host: exchange.host.clone(),
            model_requested: receipt.model_requested.clone(),
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
            latency_ms: receipt.latency_ms,
            bytes_out: exchange.bytes_out,
            bytes_in: exchange.bytes_in,
            maybe_billed: exchange.maybe_billed,
        }
    }
}

impl From<&Usage> for UsageView {
    fn from(usage: &Usage) -> Self {
        Self {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            cached_tokens: usage.cached_tokens,
            reasoning_tokens: usage.reasoning_tokens,
        }
    }
}

/// `synapse.history/1`: rows of the ledger, newest first.
#[derive(Debug, Clone, Serialize)]
pub struct HistoryDocument {
    schema: &'static str,
    ok: bool,
    entries: Vec<HistoryEntry>,
    /// The call id to pass as `--before` for the next page, when there may be one.
    next: Option<String>,
}

/// A row: the receipt's keys and those of the ledger.
#[derive(Debug, Clone, Serialize)]
pub struct HistoryEntry {
    started_at: String,
    outcome: &'static str,
    error_code: Option<String>,
    operation: String,
    client_name: Option<String>,
    client_version: Option<String>,
    tool: Option<String>,
    #[serde(flatten)]
    receipt: ReceiptView,
}

impl From<&Entry> for HistoryEntry {
    fn from(entry: &Entry) -> Self {
        Self {
            started_at: entry.started_at.to_string(),
            outcome: entry.outcome.as_str(),
            error_code: entry.error_code.clone(),
            operation: entry.operation.clone(),
            client_name: entry.caller.client_name.clone(),
            client_version: entry.caller.client_version.clone(),
            tool: entry.caller.tool.clone(),
            receipt: ReceiptView::from(&entry.receipt),
        }
    }
}

impl HistoryDocument {
    /// The document of one page of at most `limit` rows.
    #[must_use]
    pub fn new(entries: &[Entry], limit: u32) -> Self {
        let full = u32::try_from(entries.len()).is_ok_and(|count| count >= limit);
        let next = if full { entries.last() } else { None };
        Self {
            schema: "synapse.history/1",
            ok: true,
            entries: entries.iter().map(HistoryEntry::from).collect(),
            next: next.map(|entry| entry.receipt.call_id.to_string()),
        }
    }
}

/// `synapse.usage/1`: sums by key, and their total.
#[derive(Debug, Clone, Serialize)]
pub struct UsageDocument {
    schema: &'static str,
    ok: bool,
    by: &'static str,
    since: Option<String>,
    lines: Vec<UsageLineView>,
    total: UsageLineView,
}

/// One line of sums. `unknown_*` count the calls that the sum beside them does not cover; a sum
/// that covers none is `null`.
#[derive(Debug, Clone, Serialize)]
pub struct UsageLineView {
    key: String,
    calls: u64,
    ok: u64,
    failed: u64,
    refused: u64,
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    unknown_tokens: u64,
    cost_nano_usd: Option<u64>,
    unknown_cost: u64,
}

impl From<&UsageLine> for UsageLineView {
    fn from(line: &UsageLine) -> Self {
        Self {
            key: line.key.clone(),
            calls: line.calls,
            ok: line.ok,
            failed: line.failed,
            refused: line.refused,
            prompt_tokens: known(line.prompt_tokens, line.unknown_tokens),
            completion_tokens: known(line.completion_tokens, line.unknown_tokens),
            unknown_tokens: line.unknown_tokens,
            cost_nano_usd: known(line.cost_nano_usd, line.unknown_cost),
            unknown_cost: line.unknown_cost,
        }
    }
}

/// A sum, unless it covers nothing although there was something to cover.
const fn known(sum: u64, unknown: u64) -> Option<u64> {
    match (sum, unknown) {
        (0, 1..) => None,
        (sum, _) => Some(sum),
    }
}

impl UsageDocument {
    /// The document of this report.
    #[must_use]
    pub fn new(query: &UsageQuery, report: &UsageReport) -> Self {
        Self {
            schema: "synapse.usage/1",
            ok: true,
            by: query.by.as_str(),
            since: query.since.map(|since| since.to_string()),
            lines: report.lines.iter().map(UsageLineView::from).collect(),
            total: UsageLineView::from(&report.total),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_of_nothing_known_is_null_and_not_zero() {
        assert_eq!(known(0, 2), None);
        assert_eq!(known(5, 2), Some(5));
        assert_eq!(known(0, 0), Some(0));
    }
}
