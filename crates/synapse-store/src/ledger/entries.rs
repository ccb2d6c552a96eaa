//! Reading rows as entries.

use rusqlite::Row;
use rusqlite::types::FromSql;
use synapse_core::Receipt;
use synapse_core::call::{CallId, Caller};
use synapse_core::chat::Usage;
use synapse_core::cost::{Cost, CostSource};
use synapse_core::ledger::{Entry, Outcome};
use synapse_core::receipt::Exchange;
use synapse_core::time::Timestamp;
use uuid::Uuid;

use super::orphans::OrphanRows;
use super::rows::{IDENTITY, OUTCOME_COLUMNS};
use super::{content, hub};

/// The columns read by [`entry`], in order.
pub(super) fn entry_columns(orphans: &OrphanRows) -> String {
    format!(
        "call_id, started_at, ended_at, operation, {}, error_class, error_code, client_name, \
         client_version, tool, {}, {}, {}",
        orphans.outcome(),
        IDENTITY.join(", "),
        OUTCOME_COLUMNS.join(", "),
        content::hub_columns()
    )
}

/// Reads columns in sequence. By index, because looking up names dominates the cost of a page.
struct Cells<'a> {
    row: &'a Row<'a>,
    next: usize,
}

impl Cells<'_> {
    fn take<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let cell = self.row.get(self.next)?;
        self.next += 1;
        Ok(cell)
    }

    fn count(&mut self) -> rusqlite::Result<Option<u64>> {
        let value: Option<i64> = self.take()?;
        Ok(value.and_then(|value| u64::try_from(value).ok()))
    }

    fn time(&mut self) -> rusqlite::Result<Option<Timestamp>> {
        let millis: Option<i64> = self.take()?;
        Ok(millis.map(Timestamp::from_millis))
    }
}

/// Reads the entry from a row of [`entry_columns`].
pub(super) fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let mut cells = Cells { row, next: 0 };
    let call_id = CallId::new(Uuid::from_bytes(cells.take()?));
    let started_at = Timestamp::from_millis(cells.take()?);
    let ended_at = cells.time()?;
    let operation = cells.take()?;
    let outcome: String = cells.take()?;
    // The table allows no other value.
    let outcome = Outcome::parse(&outcome).unwrap_or(Outcome::Interrupted);
    Ok(Entry {
        started_at,
        ended_at,
        operation,
        outcome,
        error_class: cells.take()?,
        error_code: cells.take()?,
        caller: Caller {
            client_name: cells.take()?,
            client_version: cells.take()?,
            tool: cells.take()?,
            span: None,
        },
        receipt: receipt(call_id, &mut cells)?,
        hub: hub::facts(row, cells.next)?,
    })
}

/// Reads [`IDENTITY`] and [`OUTCOME_COLUMNS`] in order: struct fields are evaluated as written.
fn receipt(call_id: CallId, cells: &mut Cells<'_>) -> rusqlite::Result<Receipt> {
    let (connection, provider, model_requested) = (cells.take()?, cells.take()?, cells.take()?);
    let host = cells.take()?;
    let model_served = cells.take()?;
    let served_by = cells.take()?;
    let exchange = Exchange {
        host,
        served_by,
        attempts: cells.take()?,
        maybe_billed: cells.take()?,
        stated: None,
        http_status: cells.take()?,
        request_id: cells.take()?,
        bytes_out: cells.count()?.unwrap_or_default(),
        bytes_in: cells.count()?.unwrap_or_default(),
        headers_ms: cells.count()?,
    };
    Ok(Receipt {
        call_id,
        connection,
        provider,
        model_requested,
        model_served,
        exchange,
        latency_ms: cells.count()?,
        finish_reason: cells.take()?,
        usage: Usage {
            prompt_tokens: cells.count()?,
            completion_tokens: cells.count()?,
            cached_tokens: cells.count()?,
            cache_write_tokens: cells.count()?,
            reasoning_tokens: cells.count()?,
        },
        cost: Cost {
            amount_nano_usd: cells.count()?,
            source: CostSource::parse(&cells.take::<String>()?).unwrap_or_default(),
            priced_at: cells.time()?,
        },
    })
}
