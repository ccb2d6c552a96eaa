//! Documents of the ledger: history, one row, usage, audit, purge.

use serde::Serialize;
use synapse_core::ledger::{
    Discrepancy, Entry, HistoryQuery, HubFacts, Order, Purged, RecordedText, Repaired, UsageKey,
    UsageLine, UsageQuery, UsageReport, Verification, Waiting,
};
use synapse_core::time::Timestamp;

use crate::calls::ReceiptView;

/// `synapse.history/1`: ledger rows, newest first.
#[derive(Debug, Clone, Serialize)]
pub struct HistoryDocument {
    schema: &'static str,
    ok: bool,
    entries: Vec<HistoryEntry>,
    /// The call id to pass as `--before` for the page of older rows, if there may be one.
    next: Option<String>,
    /// The call id to pass as `--after` for the page of newer rows, if there may be one.
    previous: Option<String>,
}

/// A row: the keys of the receipt and of the ledger. Also a line of a JSON Lines export.
#[derive(Debug, Clone, Serialize)]
pub struct HistoryEntry {
    started_at: String,
    ended_at: Option<String>,
    outcome: &'static str,
    error_class: Option<String>,
    error_code: Option<String>,
    operation: String,
    client_name: Option<String>,
    client_version: Option<String>,
    tool: Option<String>,
    #[serde(flatten)]
    receipt: ReceiptView,
    /// `null` for a call of a connection.
    hub: Option<HubView>,
}

/// The hub's keys of a row.
#[derive(Debug, Clone, Serialize)]
struct HubView {
    server: String,
    transport: Option<String>,
    era: Option<String>,
    catalogue: Option<String>,
    issuer: Option<String>,
    client_kind: Option<String>,
    scopes: Option<String>,
    generation: Option<u64>,
    requests: Option<u64>,
    may_have_run: bool,
}

impl From<&HubFacts> for HubView {
    fn from(facts: &HubFacts) -> Self {
        Self {
            server: facts.server.clone(),
            transport: facts.transport.clone(),
            era: facts.era.clone(),
            catalogue: facts.catalogue.clone(),
            issuer: facts.issuer.clone(),
            client_kind: facts.client_kind.clone(),
            scopes: facts.scopes.clone(),
            generation: facts.generation,
            requests: facts.requests,
            may_have_run: facts.may_have_run,
        }
    }
}

impl From<&Entry> for HistoryEntry {
    fn from(entry: &Entry) -> Self {
        Self {
            started_at: entry.started_at.to_string(),
            ended_at: entry.ended_at.map(|time| time.to_string()),
            outcome: entry.outcome.as_str(),
            error_class: entry.error_class.clone(),
            error_code: entry.error_code.clone(),
            operation: entry.operation.clone(),
            client_name: entry.caller.client_name.clone(),
            client_version: entry.caller.client_version.clone(),
            tool: entry.caller.tool.clone(),
            receipt: ReceiptView::from(&entry.receipt),
            hub: entry.hub.as_deref().map(HubView::from),
        }
    }
}

impl HistoryDocument {
    /// The document of a page, newest row first, and its neighbours.
    #[must_use]
    pub fn new(entries: &[Entry], pages: &Pages) -> Self {
        Self {
            schema: "synapse.history/1",
            ok: true,
            entries: entries.iter().map(HistoryEntry::from).collect(),
            next: pages.older.clone(),
            previous: pages.newer.clone(),
        }
    }
}

/// The keys of the neighbouring pages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pages {
    /// The call before the older rows, if there may be any.
    pub older: Option<String>,
    /// The call after the newer rows, if there may be any.
    pub newer: Option<String>,
}

impl Pages {
    /// Around the page `entries`, newest first, the result of `query`.
    #[must_use]
    pub fn around(entries: &[Entry], query: &HistoryQuery) -> Self {
        let full = u32::try_from(entries.len()).is_ok_and(|count| count >= query.limit);
        let key = |entry: &Entry| entry.receipt.call_id.to_string();
        let (more_older, more_newer) = match query.order {
            Order::NewestFirst => (full, query.after.is_some()),
            Order::OldestFirst => (true, full),
        };
        Self {
            older: entries.last().filter(|_| more_older).map(key),
            newer: entries.first().filter(|_| more_newer).map(key),
        }
    }
}

/// `synapse.history-entry/1`: one complete row, with recorded texts.
#[derive(Debug, Clone, Serialize)]
pub struct EntryDocument {
    schema: &'static str,
    ok: bool,
    #[serde(flatten)]
    entry: HistoryEntry,
    /// `null` if not recorded, or no longer stored.
    text: Option<TextView>,
}

#[derive(Debug, Clone, Serialize)]
struct TextView {
    prompt: String,
    reply: Option<String>,
}

impl EntryDocument {
    /// The document of a row.
    #[must_use]
    pub fn new(entry: &Entry, text: Option<&RecordedText>) -> Self {
        Self {
            schema: "synapse.history-entry/1",
            ok: true,
            entry: HistoryEntry::from(entry),
            text: text.map(|text| TextView {
                prompt: text.prompt.clone(),
                reply: text.reply.clone(),
            }),
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
    until: Option<String>,
    lines: Vec<UsageLineView>,
    total: UsageLineView,
    waiting: WaitingView,
}

/// Calls not in the ledger yet, and so in no row and no sum.
#[derive(Debug, Clone, Copy, Serialize)]
struct WaitingView {
    calls: u64,
    unreadable: u64,
}

impl From<Waiting> for WaitingView {
    fn from(waiting: Waiting) -> Self {
        Self {
            calls: waiting.calls,
            unreadable: waiting.unreadable,
        }
    }
}

/// One line of sums. `unknown_*` count the calls missing in the adjacent sum; a sum that covers no
/// call or does not apply is `null`.
#[derive(Debug, Clone, Serialize)]
pub struct UsageLineView {
    key: String,
    calls: u64,
    ok: u64,
    failed: u64,
    refused: u64,
    /// The share of successful calls among those sent, from 0 to 1.
    success_rate: Option<f64>,
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    unknown_tokens: u64,
    cost_nano_usd: Option<u64>,
    unknown_cost: u64,
    p50_latency_ms: Option<u64>,
    p95_latency_ms: Option<u64>,
    /// `null` if no call reported cached tokens.
    cached_tokens: Option<u64>,
    /// `null` if no call reported reasoning tokens.
    reasoning_tokens: Option<u64>,
}

impl UsageLineView {
    /// The cell names, which are the document keys.
    pub const NAMES: [&'static str; 15] = [
        "key",
        "calls",
        "ok",
        "failed",
        "refused",
        "success_rate",
        "prompt_tokens",
        "completion_tokens",
        "unknown_tokens",
        "cost_nano_usd",
        "unknown_cost",
        "p50_latency_ms",
        "p95_latency_ms",
        "cached_tokens",
        "reasoning_tokens",
    ];

    /// The values as text, in the order of [`UsageLineView::NAMES`]; `null` is empty.
    #[must_use]
    pub fn cells(&self) -> [String; 15] {
        let maybe = |value: Option<u64>| value.map_or_else(String::new, |value| value.to_string());
        [
            self.key.clone(),
            self.calls.to_string(),
            self.ok.to_string(),
            self.failed.to_string(),
            self.refused.to_string(),
            self.success_rate
                .map_or_else(String::new, |rate| format!("{rate:.4}")),
            maybe(self.prompt_tokens),
            maybe(self.completion_tokens),
            self.unknown_tokens.to_string(),
            maybe(self.cost_nano_usd),
            self.unknown_cost.to_string(),
            maybe(self.p50_latency_ms),
            maybe(self.p95_latency_ms),
            maybe(self.cached_tokens),
            maybe(self.reasoning_tokens),
        ]
    }
}

impl UsageLineView {
    /// The view of sums by `key`. Hub rows have no tokens and no cost, rather than 0: their sums
    /// are `null`.
    #[must_use]
    pub fn of(key: UsageKey, line: &UsageLine) -> Self {
        let view = Self::from(line);
        if !key.is_of_hub() {
            view
        } else {
            Self {
                prompt_tokens: None,
                completion_tokens: None,
                cost_nano_usd: None,
                cached_tokens: None,
                reasoning_tokens: None,
                ..view
            }
        }
    }
}

impl From<&UsageLine> for UsageLineView {
    fn from(line: &UsageLine) -> Self {
        Self {
            key: line.key.clone(),
            calls: line.calls,
            ok: line.ok,
            failed: line.failed,
            refused: line.refused,
            success_rate: line.success_rate(),
            prompt_tokens: known(line.prompt_tokens, line.unknown_tokens),
            completion_tokens: known(line.completion_tokens, line.unknown_tokens),
            unknown_tokens: line.unknown_tokens,
            cost_nano_usd: known(line.cost_nano_usd, line.unknown_cost),
            unknown_cost: line.unknown_cost,
            p50_latency_ms: line.p50_latency_ms,
            p95_latency_ms: line.p95_latency_ms,
            cached_tokens: line.told_cached_tokens(),
            reasoning_tokens: line.told_reasoning_tokens(),
        }
    }
}

/// A sum, unless it covers nothing although there were calls.
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
            until: query.until.map(|until| until.to_string()),
            lines: report
                .lines
                .iter()
                .map(|line| UsageLineView::of(query.by, line))
                .collect(),
            total: UsageLineView::of(query.by, &report.total),
            waiting: report.waiting.into(),
        }
    }
}

/// `synapse.verification/1`: the result of a ledger audit.
#[derive(Debug, Clone, Serialize)]
pub struct VerificationDocument {
    schema: &'static str,
    /// Whether there is no discrepancy.
    ok: bool,
    rows: u64,
    open: u64,
    purged: u64,
    lost: u64,
    waiting: WaitingView,
    head: Option<HeadView>,
    discrepancies: Vec<DiscrepancyView>,
}

#[derive(Debug, Clone, Serialize)]
struct HeadView {
    sequence: u64,
    hash: String,
}

#[derive(Debug, Clone, Serialize)]
struct DiscrepancyView {
    kind: &'static str,
    call_id: Option<String>,
    message: String,
}

impl From<&Discrepancy> for DiscrepancyView {
    fn from(discrepancy: &Discrepancy) -> Self {
        Self {
            kind: discrepancy.kind(),
            call_id: discrepancy.call_id().map(|call_id| call_id.to_string()),
            message: discrepancy.to_string(),
        }
    }
}

impl From<&Verification> for VerificationDocument {
    fn from(found: &Verification) -> Self {
        Self {
            schema: "synapse.verification/1",
            ok: found.discrepancies.is_empty(),
            rows: found.rows,
            open: found.open,
            purged: found.purged,
            lost: found.lost,
            waiting: found.waiting.into(),
            head: found.head.as_ref().map(|head| HeadView {
                sequence: head.sequence,
                hash: head.hash.clone(),
            }),
            discrepancies: found.discrepancies.iter().map(Into::into).collect(),
        }
    }
}

/// `synapse.purge/1`: the rows and texts removed.
#[derive(Debug, Clone, Serialize)]
pub struct PurgeDocument {
    schema: &'static str,
    ok: bool,
    before: String,
    rows: u64,
    texts: u64,
}

impl PurgeDocument {
    /// The document of a purge of rows from before `before`.
    #[must_use]
    pub fn new(before: Timestamp, purged: Purged) -> Self {
        Self {
            schema: "synapse.purge/1",
            ok: true,
            before: before.to_string(),
            rows: purged.rows,
            texts: purged.texts,
        }
    }
}

/// `synapse.repair/1`: the result of a ledger repair.
#[derive(Debug, Clone, Serialize)]
pub struct RepairDocument {
    schema: &'static str,
    ok: bool,
    /// Whether a repair was necessary.
    repaired: bool,
    rows: u64,
    texts: u64,
    lost: Vec<LostView>,
    lost_calls: Vec<String>,
    lost_parts: Vec<String>,
    changed: Vec<String>,
    kept_at: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct LostView {
    first: u64,
    last: u64,
}

impl From<&Repaired> for RepairDocument {
    fn from(repaired: &Repaired) -> Self {
        Self {
            schema: "synapse.repair/1",
            ok: true,
            repaired: repaired.kept_at.is_some(),
            rows: repaired.rows,
            texts: repaired.texts,
            lost: repaired
                .lost
                .iter()
                .map(|places| LostView {
                    first: places.first,
                    last: places.last,
                })
                .collect(),
            lost_calls: repaired
                .lost_calls
                .iter()
                .map(ToString::to_string)
                .collect(),
            lost_parts: repaired.lost_parts.clone(),
            changed: repaired.changed.iter().map(ToString::to_string).collect(),
            kept_at: repaired.kept_at.clone(),
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

    #[test]
    fn the_cells_of_a_line_are_its_keys_in_their_order() {
        let line = UsageLineView::from(&UsageLine {
            key: "work".into(),
            ok: 2,
            failed: 1,
            unknown_cost: 3,
            ..UsageLine::default()
        });
        let json = serde_json::to_value(&line).unwrap();
        let names: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(names, UsageLineView::NAMES);
        assert_eq!(
            line.cells(),
            [
                "work", "0", "2", "1", "0", "0.6667", "0", "0", "0", "", "3", "", "", "", ""
            ]
        );
    }
}
