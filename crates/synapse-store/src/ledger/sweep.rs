//! Marks the open rows of dead processes as `interrupted`.

use rusqlite::{Connection, Transaction, TransactionBehavior};
use synapse_core::ledger::Outcome;
use synapse_home::Home;
use uuid::Uuid;

use super::columns;
use super::completion::seal;
use super::journal;
use super::orphans::{OPEN, OrphanRows};
use super::presence::Departed;

/// Enters the calls of all journals, and completes the open rows of dead processes.
///
/// A call may have been billed if its row says that the request was about to be sent. Older formats
/// did not record that; all of their calls may have been billed.
pub(super) fn sweep(database: &Connection, home: &Home) -> rusqlite::Result<OrphanRows> {
    // Best effort: rows that cannot be entered now are those of calls that just ended.
    drop(journal::enter(database, home));
    let departed: Vec<Departed> = open_writers(database)?
        .into_iter()
        .filter_map(|writer| Departed::check(home, writer))
        .collect();
    if departed.is_empty() {
        return Ok(OrphanRows::default());
    }
    for each in &departed {
        // It may have noted the end of a call since its file was read.
        journal::enter_departed(database, home, each);
    }
    let orphans = OrphanRows {
        writers: departed.iter().map(|each| each.writer).collect(),
    };
    if interrupt(database, &orphans).is_err() {
        return Ok(orphans);
    }
    departed.into_iter().for_each(Departed::bury);
    Ok(OrphanRows::default())
}

/// Completes and seals the rows, all or none.
fn interrupt(database: &Connection, orphans: &OrphanRows) -> rusqlite::Result<()> {
    let change = Transaction::new_unchecked(database, TransactionBehavior::Immediate)?;
    {
        let mut statement = change.prepare(&format!(
            "UPDATE entries SET outcome = '{}', maybe_billed = {} WHERE {} RETURNING {}",
            Outcome::Interrupted.as_str(),
            orphans.maybe_billed(),
            orphans.condition(),
            columns::sealed()
        ))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            seal(&change, row)?;
        }
    }
    change.commit()
}

/// The processes with open rows.
fn open_writers(database: &Connection) -> rusqlite::Result<Vec<Uuid>> {
    let mut statement =
        database.prepare_cached(&format!("SELECT DISTINCT writer FROM entries WHERE {OPEN}"))?;
    let writers = statement.query_map([], |row| row.get(0).map(Uuid::from_bytes))?;
    writers.collect()
}
