//! Finds damage that normal reads would miss, and tests writing.

use rusqlite::{Connection, TransactionBehavior};
use synapse_core::Failure;
use synapse_core::ledger::Examination;
use synapse_home::Home;

use super::database::{self, Opened};
use super::spool;
use crate::failure::{corrupt, sqlite};

/// Runs SQLite's integrity check on the whole file, then commits a no-op change.
pub(super) fn examine(home: &Home) -> Result<Examination, Failure> {
    let waiting = spool::waiting(home);
    let path = home.ledger();
    let (mut database, newer) = match database::open_to_read(home, database::PATIENCE)? {
        None => {
            return Ok(Examination {
                waiting,
                ..Examination::default()
            });
        }
        Some(Opened::Ours(database)) => (database, false),
        Some(Opened::Newer(database, _)) => (database, true),
    };
    let found = check(&database).map_err(|error| sqlite(&path, &error));
    let found = found.and_then(|problems| match problems.split_first() {
        None => Ok(()),
        Some((first, rest)) => {
            let failure = corrupt(&path, &Problem(first.clone()));
            Err(rest
                .iter()
                .fold(failure, |failure, problem| failure.cause(problem.clone())))
        }
    });
    if let Err(failure) = found {
        database::abandon(database);
        return Err(failure);
    }
    let looked = if newer {
        count(&database)
    } else {
        try_write(&mut database).and_then(|()| count(&database))
    };
    match looked {
        Ok(rows) => Ok(Examination {
            exists: true,
            rows,
            waiting,
        }),
        Err(error) => {
            database::abandon(database);
            Err(sqlite(&path, &error))
        }
    }
}

/// SQLite's findings, if any.
pub(super) fn check(database: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = database.prepare(&format!("PRAGMA quick_check({MOST_PROBLEMS})"))?;
    let mut lines = Vec::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let line: String = row.get(0)?;
        if line != "ok" {
            lines.push(line.trim().replace('\n', "; "));
        }
    }
    Ok(lines)
}

fn try_write(database: &mut Connection) -> rusqlite::Result<()> {
    let change = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    change.execute("UPDATE chain SET sequence = sequence", [])?;
    change.commit()
}

fn count(database: &Connection) -> rusqlite::Result<u64> {
    let rows: Option<i64> =
        database.query_row("SELECT sum(calls) FROM daily", [], |row| row.get(0))?;
    Ok(u64::try_from(rows.unwrap_or_default()).unwrap_or_default())
}

/// A line of SQLite's integrity check.
#[derive(Debug)]
struct Problem(String);

impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}

const MOST_PROBLEMS: u32 = 5;
