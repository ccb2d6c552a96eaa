//! Removes old rows under a sealed record: the chain continues over the gap, and any other removal
//! is detected.

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use synapse_core::ledger::Purged;
use synapse_home::Home;

use super::carried::{self, Removed};
use super::chain::{self, Gap, Head, Purge, Seal};
use super::columns::{self, Facts};
use super::{daily, journal};

/// The rows to remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Which {
    /// Calls that began before this time.
    pub(super) before: i64,
    /// And whose place in the chain is before this one, if given.
    pub(super) first_kept: Option<i64>,
}

/// Removes at most `most` complete rows, with their texts and their share of the daily sums, in one
/// transaction. Carries their amounts against limits. Leaves the rows of calls with lines in a
/// journal, from which they could be entered again.
pub(super) fn purge_some(
    database: &Connection,
    home: &Home,
    which: Which,
    most: u32,
) -> rusqlite::Result<Purged> {
    let change = Transaction::new_unchecked(database, TransactionBehavior::Immediate)?;
    // Under the write lock: such lines are entered under it too.
    let noted = journal::noted_calls(home);
    let doomed = find(&change, which, most, &noted)?;
    if doomed.is_empty() {
        return Ok(Purged::default());
    }
    let head = Head::load(&change)?;
    let by = head.sequence + 1;
    let mut sealed: Vec<(i64, Seal)> = doomed.iter().filter_map(|row| row.sealed).collect();
    sealed.sort_unstable();
    for gap in gaps(&sealed, by) {
        // This purge now explains the gaps that removed records explained.
        change.execute(
            "UPDATE gaps SET by = ? WHERE by BETWEEN ? AND ?",
            params![by, gap.first, gap.last],
        )?;
        chain::add_gap(&change, &gap)?;
    }
    let mut purged = Purged::default();
    let mut removed = Removed::default();
    for row in &doomed {
        removed.add(&row.facts);
        let id = row.facts.call_id;
        let text = change
            .prepare_cached("DELETE FROM texts WHERE call_id = ?")?
            .execute([id])?;
        change
            .prepare_cached("DELETE FROM entries WHERE call_id = ?")?
            .execute([id])?;
        daily::remove(&change, &row.facts)?;
        purged.rows += 1;
        purged.texts += u64::try_from(text).unwrap_or_default();
    }
    let purge = Purge {
        before: which.before,
        removed: i64::try_from(sealed.len()).unwrap_or(i64::MAX),
    };
    let carried = removed.into_carried();
    carried::store(&change, by, &carried)?;
    let head = head.after_purge(purge, &chain::gaps_by(&change, by)?, &carried);
    change.execute(
        "INSERT INTO purges (sequence, before, removed, seal) VALUES (?, ?, ?, ?)",
        params![head.sequence, purge.before, purge.removed, head.seal],
    )?;
    head.store(&change)?;
    change.commit()?;
    Ok(purged)
}

/// A row to remove.
struct Doomed {
    facts: Facts,
    sealed: Option<(i64, Seal)>,
}

fn find(
    database: &Connection,
    which: Which,
    most: u32,
    noted: &BTreeSet<[u8; 16]>,
) -> rusqlite::Result<Vec<Doomed>> {
    let Which { before, first_kept } = which;
    let last: Option<[u8; 16]> = database.query_row(
        "SELECT max(last_id) FROM daily WHERE day <= ?",
        [daily::day(before)],
        |row| row.get(0),
    )?;
    let Some(last) = last else {
        return Ok(Vec::new());
    };
    let mut statement = database.prepare_cached(&format!(
        "SELECT {}, sequence, seal FROM entries
         WHERE call_id <= ? AND outcome <> 'open' AND started_at < ?
             AND (? IS NULL OR sequence < ?) ORDER BY call_id LIMIT ?",
        columns::sealed()
    ))?;
    let among = i64::from(most) + i64::try_from(noted.len()).unwrap_or_default();
    let values = params![last, before, first_kept, first_kept, among];
    let rows = statement.query_map(values, |row| {
        let sequence: Option<i64> = row.get("sequence")?;
        let seal: Option<Seal> = row.get("seal")?;
        Ok(Doomed {
            facts: Facts::of(row)?,
            sealed: sequence.zip(seal),
        })
    })?;
    let is_noted = |row: &Doomed| noted.contains(&row.facts.call_id);
    rows.filter(|row| !row.as_ref().is_ok_and(is_noted))
        .collect()
}

/// The gaps left by sorted places.
fn gaps(sealed: &[(i64, Seal)], by: i64) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = Vec::new();
    for (sequence, seal) in sealed {
        match gaps.last_mut() {
            Some(gap) if gap.last + 1 == *sequence => {
                gap.last = *sequence;
                gap.seal = *seal;
            }
            _ => gaps.push(Gap {
                first: *sequence,
                last: *sequence,
                seal: *seal,
                by,
            }),
        }
    }
    gaps
}
