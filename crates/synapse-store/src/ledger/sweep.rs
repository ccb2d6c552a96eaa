//! Marks the open rows of dead processes as `interrupted`.

use rusqlite::{Connection, Transaction, TransactionBehavior};
use synapse_core::ledger::Outcome;
use synapse_home::Home;
use uuid::Uuid;

use super::presence::Departed;
use super::{content, presence, rows};

/// Open rows to show as interrupted: empty, unless they could not be completed, as on a read-only
/// file system.
#[derive(Debug, Default)]
pub(super) struct OrphanRows {
    writers: Vec<Uuid>,
}

/// Completes the open rows of dead processes.
///
/// A call may have been billed if its row says that the request was about to be sent. Older formats
/// did not record that; all of their calls may have been billed.
pub(super) fn sweep(database: &Connection, home: &Home) -> rusqlite::Result<OrphanRows> {
    let departed: Vec<Departed> = open_writers(database)?
        .into_iter()
        .filter_map(|writer| Departed::check(home, writer))
        .collect();
    if departed.is_empty() {
        return Ok(OrphanRows::default());
    }
    let unswept = OrphanRows {
        writers: departed.iter().map(|each| each.writer).collect(),
    };
    if interrupt(database, &unswept).is_err() {
        return Ok(unswept);
    }
    departed.into_iter().for_each(Departed::bury);
    Ok(OrphanRows::default())
}

/// Completes and seals the rows, all or none.
fn interrupt(database: &Connection, unswept: &OrphanRows) -> rusqlite::Result<()> {
    let change = Transaction::new_unchecked(database, TransactionBehavior::Immediate)?;
    {
        let mut statement = change.prepare(&format!(
            "UPDATE entries SET outcome = '{}', maybe_billed = {} WHERE {} RETURNING {}",
            Outcome::Interrupted.as_str(),
            unswept.maybe_billed(),
            unswept.condition(),
            content::columns()
        ))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            rows::seal(&change, row)?;
        }
    }
    change.commit()
}

impl OrphanRows {
    /// Rows of another format, whose processes cannot be checked.
    pub(super) const fn none() -> Self {
        Self {
            writers: Vec::new(),
        }
    }

    /// SQL condition: true for rows to show as interrupted.
    pub(super) fn condition(&self) -> String {
        // Our own ids in hexadecimal need no escaping.
        let writers: Vec<String> = self
            .writers
            .iter()
            .map(|writer| format!("x'{}'", writer.simple()))
            .collect();
        format!("({OPEN} AND writer IN ({}))", writers.join(", "))
    }

    /// SQL expression: the outcome to show.
    pub(super) fn outcome(&self) -> String {
        let interrupted = Outcome::Interrupted.as_str();
        format!(
            "CASE WHEN {} THEN '{interrupted}' ELSE outcome END",
            self.condition()
        )
    }

    /// SQL expression: whether to show it as possibly billed.
    pub(super) fn maybe_billed(&self) -> String {
        let silent = Self {
            writers: self
                .writers
                .iter()
                .copied()
                .filter(|writer| !presence::notes_sending(*writer))
                .collect(),
        };
        format!("(maybe_billed = 1 OR {})", silent.condition())
    }

    /// SQL condition: true for rows with the outcome `wanted`, in a form that can use the index.
    pub(super) fn filter(&self, wanted: Outcome) -> String {
        let condition = self.condition();
        let word = wanted.as_str();
        match wanted {
            Outcome::Ok => "outcome = 'ok'".to_owned(),
            Outcome::Open => format!("({OPEN} AND NOT {condition})"),
            Outcome::Interrupted if !self.writers.is_empty() => {
                format!("(outcome = '{word}' OR {condition})")
            }
            _ => format!("(outcome <> 'ok' AND outcome = '{word}')"),
        }
    }
}

/// The processes with open rows.
fn open_writers(database: &Connection) -> rusqlite::Result<Vec<Uuid>> {
    let mut statement =
        database.prepare_cached(&format!("SELECT DISTINCT writer FROM entries WHERE {OPEN}"))?;
    let writers = statement.query_map([], |row| row.get(0).map(Uuid::from_bytes))?;
    writers.collect()
}

const OPEN: &str = "outcome <> 'ok' AND outcome = 'open'";
