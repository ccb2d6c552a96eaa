//! Reading rows as entries.

use rusqlite::Row;
use synapse_core::call::{CallId, Caller};
use synapse_core::ledger::{Entry, Outcome};
use synapse_core::time::Timestamp;
use uuid::Uuid;

use super::columns::{self, Cell, OF_EVERY_ROW, OF_HUB};
use super::orphans::OrphanRows;
use super::work::empty_receipt;

/// The columns read by [`entry`], in order.
pub(super) fn entry_columns(orphans: &OrphanRows) -> String {
    let columns: Vec<String> = columns::content()
        .filter(|column| column.column.is_some())
        .map(|column| column.expression(orphans))
        .collect();
    columns.join(", ")
}

/// Reads the entry from a row of [`entry_columns`]. By index, because looking up names dominates
/// the cost of a page.
pub(super) fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let mut entry = blank();
    let mut index = 0;
    for column in &OF_EVERY_ROW {
        if column.column.is_some() {
            let value = row.get_ref(index)?;
            column.read(&mut entry, Cell { index, value })?;
            index += 1;
        }
    }
    for column in &OF_HUB {
        let value = row.get_ref(index)?;
        column.read(&mut entry, Cell { index, value })?;
        index += 1;
        // The first is the server, which only rows of the hub have.
        if entry.hub.is_none() {
            break;
        }
    }
    Ok(entry)
}

/// An entry to read columns into.
pub(super) fn blank() -> Entry {
    Entry {
        started_at: Timestamp::from_millis(0),
        ended_at: None,
        operation: String::new(),
        outcome: Outcome::Open,
        error_class: None,
        error_code: None,
        caller: Caller::default(),
        receipt: empty_receipt(CallId::new(Uuid::nil())),
        hub: None,
    }
}
