//! The columns of every row, in the order of the table, and the place of a row in the chain.

use synapse_core::call::CallId;
use synapse_core::ledger::{Column, Outcome};
use synapse_core::money::{Cost, CostSource};
use synapse_core::time::Timestamp;
use uuid::Uuid;

use super::super::orphans::OrphanRows;
use super::super::sql::{NULL, bytes, integer, key, maybe, optional, saturated, text};
use super::super::work::RowValues;
use super::super::work::WorkKind::{self, Begin, Close, Departing, End, Open, Sending};
use super::{SqlType, StoredColumn, column, own};

/// Sealed in every row, in this order, which never changes. A column of a later format is another
/// table's: see [`super::content`].
pub(in crate::ledger) const OF_EVERY_ROW: [StoredColumn; 36] = [
    column(
        Column::CallId,
        SqlType::Key,
        START,
        |row| bytes(key(row.call_id)),
        |entry, cell| {
            cell.get()
                .map(|id| entry.receipt.call_id = CallId::new(Uuid::from_bytes(id)))
        },
    )
    .required()
    .summed(|facts, cell| cell.put(&mut facts.call_id)),
    own("writer", SqlType::Id, START, |row| bytes(row.writer)).required(),
    column(
        Column::StartedAt,
        SqlType::Time,
        START,
        |row| integer(row.at.as_millis()),
        |entry, cell| {
            cell.get()
                .map(|millis| entry.started_at = Timestamp::from_millis(millis))
        },
    )
    .required()
    .summed(|facts, cell| cell.put(&mut facts.started_at)),
    column(
        Column::EndedAt,
        SqlType::Time,
        END,
        |row| integer(row.at.as_millis()),
        |entry, cell| cell.time().map(|time| entry.ended_at = time),
    ),
    column(
        Column::Operation,
        SqlType::Text,
        START,
        |row| text(row.operation),
        |entry, cell| cell.put(&mut entry.operation),
    )
    .required(),
    column(
        Column::Outcome,
        SqlType::Outcome,
        &[Open, Close, Begin, End],
        |row| text(row.outcome.as_str()),
        |entry, cell| {
            // The table allows no other value.
            let outcome: String = cell.get()?;
            entry.outcome = Outcome::parse(&outcome).unwrap_or(Outcome::Interrupted);
            Ok(())
        },
    )
    .required()
    .shown(OrphanRows::outcome)
    .summed(|facts, cell| cell.put(&mut facts.outcome)),
    column(
        Column::ErrorClass,
        SqlType::Text,
        END,
        |row| optional(row.error_code.map(|code| code.class().as_str())),
        |entry, cell| cell.put(&mut entry.error_class),
    ),
    column(
        Column::ErrorCode,
        SqlType::Text,
        END,
        |row| optional(row.error_code.map(|code| code.as_str())),
        |entry, cell| cell.put(&mut entry.error_code),
    ),
    column(
        Column::Connection,
        SqlType::Name,
        START,
        |row| text(&row.receipt.connection),
        |entry, cell| cell.put(&mut entry.receipt.connection),
    )
    .required()
    .summed(|facts, cell| cell.put(&mut facts.connection)),
    column(
        Column::Provider,
        SqlType::Name,
        START,
        |row| text(&row.receipt.provider),
        |entry, cell| cell.put(&mut entry.receipt.provider),
    )
    .required()
    .summed(|facts, cell| cell.put(&mut facts.provider)),
    column(
        Column::Host,
        SqlType::Name,
        &[Open, Close, Begin],
        |row| text(&row.receipt.exchange.host),
        |entry, cell| cell.put(&mut entry.receipt.exchange.host),
    )
    .required(),
    column(
        Column::ModelRequested,
        SqlType::Name,
        START,
        |row| text(&row.receipt.model_requested),
        |entry, cell| cell.put(&mut entry.receipt.model_requested),
    )
    .required()
    .summed(|facts, cell| cell.put(&mut facts.model)),
    column(
        Column::ModelServed,
        SqlType::Text,
        CALL,
        |row| optional(row.receipt.model_served.as_deref()),
        |entry, cell| cell.put(&mut entry.receipt.model_served),
    )
    .summed(|facts, cell| {
        let served: Option<String> = cell.get()?;
        if let Some(served) = served {
            facts.model = served;
        }
        Ok(())
    }),
    column(
        Column::ServedBy,
        SqlType::Text,
        CALL,
        |row| optional(row.receipt.exchange.served_by.as_deref()),
        |entry, cell| cell.put(&mut entry.receipt.exchange.served_by),
    ),
    column(
        Column::ClientName,
        SqlType::Text,
        START,
        |row| optional(row.caller.and_then(|caller| caller.client_name.as_deref())),
        |entry, cell| cell.put(&mut entry.caller.client_name),
    )
    .summed(|facts, cell| {
        let client: Option<String> = cell.get()?;
        facts.client = client.unwrap_or_default();
        Ok(())
    }),
    column(
        Column::ClientVersion,
        SqlType::Text,
        START,
        |row| {
            optional(
                row.caller
                    .and_then(|caller| caller.client_version.as_deref()),
            )
        },
        |entry, cell| cell.put(&mut entry.caller.client_version),
    ),
    column(
        Column::Tool,
        SqlType::Text,
        START,
        |row| optional(row.caller.and_then(|caller| caller.tool.as_deref())),
        |entry, cell| cell.put(&mut entry.caller.tool),
    )
    .summed(|facts, cell| cell.put(&mut facts.tool)),
    column(
        Column::Attempts,
        SqlType::Flag,
        EVERY,
        |row| integer(i64::from(row.receipt.exchange.attempts)),
        |entry, cell| cell.put(&mut entry.receipt.exchange.attempts),
    )
    .required(),
    column(
        Column::MaybeBilled,
        SqlType::Flag,
        &[Open, Sending, Close, Begin],
        |row| integer(i64::from(row.receipt.exchange.maybe_billed)),
        |entry, cell| cell.put(&mut entry.receipt.exchange.maybe_billed),
    )
    .required()
    .shown(OrphanRows::maybe_billed)
    .summed(|facts, cell| cell.put(&mut facts.maybe_billed)),
    column(
        Column::HttpStatus,
        SqlType::Count,
        &[Open, Close, End],
        |row| maybe(row.receipt.exchange.http_status.map(i64::from)),
        |entry, cell| cell.put(&mut entry.receipt.exchange.http_status),
    ),
    column(
        Column::RequestId,
        SqlType::Text,
        CALL,
        |row| optional(row.receipt.exchange.request_id.as_deref()),
        |entry, cell| cell.put(&mut entry.receipt.exchange.request_id),
    ),
    column(
        Column::BytesOut,
        SqlType::Count,
        EVERY,
        |row| integer(saturated(row.receipt.exchange.bytes_out)),
        |entry, cell| {
            cell.count()
                .map(|count| entry.receipt.exchange.bytes_out = count.unwrap_or_default())
        },
    )
    .required(),
    column(
        Column::BytesIn,
        SqlType::Count,
        &[Open, Close, Begin, End],
        |row| integer(saturated(row.receipt.exchange.bytes_in)),
        |entry, cell| {
            cell.count()
                .map(|count| entry.receipt.exchange.bytes_in = count.unwrap_or_default())
        },
    )
    .required(),
    column(
        Column::HeadersMs,
        SqlType::Count,
        CALL,
        |row| maybe(row.receipt.exchange.headers_ms.map(saturated)),
        |entry, cell| cell.put_count(&mut entry.receipt.exchange.headers_ms),
    ),
    column(
        Column::LatencyMs,
        SqlType::Count,
        &[Open, Close, End],
        |row| maybe(row.receipt.latency_ms.map(saturated)),
        |entry, cell| cell.put_count(&mut entry.receipt.latency_ms),
    )
    .summed(|facts, cell| cell.put(&mut facts.latency_ms)),
    column(
        Column::FinishReason,
        SqlType::Text,
        CALL,
        |row| optional(row.receipt.finish_reason.as_deref()),
        |entry, cell| cell.put(&mut entry.receipt.finish_reason),
    ),
    column(
        Column::PromptTokens,
        SqlType::Count,
        CALL,
        |row| maybe(row.receipt.usage.prompt_tokens.and_then(credible)),
        |entry, cell| cell.put_count(&mut entry.receipt.usage.prompt_tokens),
    )
    .summed(|facts, cell| cell.put(&mut facts.prompt_tokens)),
    column(
        Column::CompletionTokens,
        SqlType::Count,
        CALL,
        |row| maybe(row.receipt.usage.completion_tokens.and_then(credible)),
        |entry, cell| cell.put_count(&mut entry.receipt.usage.completion_tokens),
    )
    .summed(|facts, cell| cell.put(&mut facts.completion_tokens)),
    column(
        Column::CachedTokens,
        SqlType::Count,
        CALL,
        |row| maybe(row.receipt.usage.cached_tokens.and_then(credible)),
        |entry, cell| cell.put_count(&mut entry.receipt.usage.cached_tokens),
    )
    .summed(|facts, cell| cell.put(&mut facts.cached_tokens)),
    column(
        Column::CacheWriteTokens,
        SqlType::Count,
        CALL,
        |row| maybe(row.receipt.usage.cache_write_tokens.and_then(credible)),
        |entry, cell| cell.put_count(&mut entry.receipt.usage.cache_write_tokens),
    ),
    column(
        Column::ReasoningTokens,
        SqlType::Count,
        CALL,
        |row| maybe(row.receipt.usage.reasoning_tokens.and_then(credible)),
        |entry, cell| cell.put_count(&mut entry.receipt.usage.reasoning_tokens),
    )
    .summed(|facts, cell| cell.put(&mut facts.reasoning_tokens)),
    column(
        Column::CostNanoUsd,
        SqlType::Count,
        CALL,
        |row| maybe(credible_cost(row).amount_nano_usd.map(saturated)),
        |entry, cell| cell.put_count(&mut entry.receipt.cost.amount_nano_usd),
    )
    .summed(|facts, cell| cell.put(&mut facts.cost_nano_usd)),
    column(
        Column::CostSource,
        SqlType::Text,
        &[Open, Close, Begin],
        |row| text(credible_cost(row).source.as_str()),
        |entry, cell| {
            let source: String = cell.get()?;
            entry.receipt.cost.source = CostSource::parse(&source).unwrap_or_default();
            Ok(())
        },
    )
    .required(),
    column(
        Column::PricedAt,
        SqlType::Time,
        CALL,
        |row| maybe(credible_cost(row).priced_at.map(Timestamp::as_millis)),
        |entry, cell| cell.time().map(|time| entry.receipt.cost.priced_at = time),
    ),
    own("reserved_tokens", SqlType::Count, &[], |_| NULL)
        .summed(|facts, cell| cell.put(&mut facts.reserved_tokens)),
    own("reserved_nano_usd", SqlType::Count, &[], |_| NULL)
        .summed(|facts, cell| cell.put(&mut facts.reserved_nano_usd)),
];

/// The place in the chain and the seal; NULL in an open row. Not sealed, but the seal itself.
pub(super) const PLACE: [StoredColumn; 2] = [
    own("sequence", SqlType::Place, &[], |_| NULL),
    own("seal", SqlType::Hash, &[], |_| NULL),
];

/// At the start of a call or of an event of the hub.
const START: &[WorkKind] = &[Open, Begin];
/// At the end of a call or of an event of the hub.
const END: &[WorkKind] = &[Close, End];
/// By the call at both ends. Its connection, provider and model are written at the start alone,
/// which avoids updating the index of connections.
const CALL: &[WorkKind] = &[Open, Close];
const EVERY: &[WorkKind] = &[Open, Sending, Close, Begin, Departing, End];

/// A reported count, unless absurd: it would be meaningless and overflow sums.
fn credible(value: u64) -> Option<i64> {
    i64::try_from(value)
        .ok()
        .filter(|value| *value <= MAX_CREDIBLE)
}

/// A cost, or unknown if absurd.
fn credible_cost(row: &RowValues<'_>) -> Cost {
    let cost = row.receipt.cost;
    match cost.amount_nano_usd {
        Some(amount) if credible(amount).is_none() => Cost::default(),
        _ => cost,
    }
}

/// 10¹⁵: a quadrillion tokens, or a million US dollars in nano-USD.
const MAX_CREDIBLE: i64 = 1_000_000_000_000_000;
