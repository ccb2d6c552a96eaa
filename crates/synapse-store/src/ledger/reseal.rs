//! Seals the rows of an older format once, when its file is migrated.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::chain::{Head, Seal};
use super::columns::{self, Facts};
use super::daily::{self, DailyKey, DailySums};

/// Gives every complete row its place in key order, and builds the daily sums.
///
/// Alternates between reading and writing [`TURN`] rows: needs little memory, and never reads from
/// a table while changing it.
pub(super) fn seal_everything(database: &Connection) -> rusqlite::Result<()> {
    let mut head = Head::load(database)?;
    let mut days: BTreeMap<DailyKey, DailySums> = BTreeMap::new();
    let mut read = database.prepare(&format!(
        "SELECT {} FROM entries WHERE call_id > ? AND outcome <> 'open' ORDER BY call_id LIMIT ?",
        columns::sealed_in_third_format()
    ))?;
    let mut write =
        database.prepare("UPDATE entries SET sequence = ?, seal = ? WHERE call_id = ?")?;
    let mut behind: Vec<u8> = Vec::new();
    loop {
        let mut turn: Vec<([u8; 16], i64, Seal)> = Vec::new();
        let mut rows = read.query(params![behind, TURN])?;
        while let Some(row) = rows.next()? {
            head = head.after_row(row, &[])?;
            let facts = Facts::of(row)?;
            turn.push((facts.call_id, head.sequence, head.seal));
            days.entry(DailyKey::of(&facts)).or_default().add(&facts);
        }
        drop(rows);
        let Some((last, ..)) = turn.last() else {
            break;
        };
        behind = last.to_vec();
        for (call_id, sequence, seal) in turn {
            write.execute(params![sequence, seal, call_id])?;
        }
    }
    for (key, sums) in &days {
        daily::store(database, key, sums)?;
    }
    head.store(database)
}

const TURN: u32 = 1_000;
