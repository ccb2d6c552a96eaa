//! Completing a row: its seal, its day and its sums, and undoing that of an interrupted one.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use synapse_core::call::CallId;

use super::chain::{self, Gap, Head, Seal};
use super::columns::{self, Facts};
use super::daily;
use super::sql::key;

/// The result of completing a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Completed {
    /// It is complete.
    Yes,
    /// The row does not exist or was already complete.
    Missing,
}

/// Seals a completed row and adds it to the daily sums. The row begins with [`columns::sealed`].
/// Returns its place.
pub(super) fn seal(database: &Connection, row: &Row<'_>) -> rusqlite::Result<i64> {
    let facts = Facts::of(row)?;
    let (head, gaps) = Head::load_next(database)?;
    let head = head.after_row(row, &gaps)?;
    database
        .prepare_cached("UPDATE entries SET sequence = ?, seal = ? WHERE call_id = ?")?
        .execute(params![head.sequence, head.seal, facts.call_id])?;
    drop(daily::add(database, &facts)?);
    head.store(database)?;
    Ok(head.sequence)
}

/// Reopens a row that was marked interrupted. Its place in the chain becomes a gap explained by the
/// next seal, which will be its own.
pub(super) fn reopen(database: &Connection, call_id: CallId) -> rusqlite::Result<bool> {
    let id = key(call_id).into_bytes();
    let sql = format!(
        "SELECT {}, sequence, seal FROM entries WHERE call_id = ? AND outcome = 'interrupted'",
        columns::sealed()
    );
    let found = database
        .query_row(&sql, [id], |row| {
            let place: Option<i64> = row.get("sequence")?;
            let seal: Option<Seal> = row.get("seal")?;
            Ok((Facts::of(row)?, place.zip(seal)))
        })
        .optional()?;
    let Some((facts, sealed)) = found else {
        return Ok(false);
    };
    if let Some((sequence, seal)) = sealed {
        let by = Head::load(database)?.sequence + 1;
        database.execute("UPDATE gaps SET by = ? WHERE by = ?", params![by, sequence])?;
        chain::add_gap(
            database,
            &Gap {
                first: sequence,
                last: sequence,
                seal,
                by,
            },
        )?;
    }
    daily::remove(database, &facts)?;
    database.execute(
        "UPDATE entries SET outcome = 'open', sequence = NULL, seal = NULL WHERE call_id = ?",
        [id],
    )?;
    Ok(true)
}
