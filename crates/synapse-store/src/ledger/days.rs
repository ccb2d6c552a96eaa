//! The days of rows in writing order: the only check on the machine's clock.
//!
//! The table `days` has a row for each place of the chain where the day changes. A day is
//! contradicted if later rows have earlier dates: the clock was ahead. Rows not written when their
//! call ended (swept or spooled) say nothing about the order and are skipped.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _, params};
use synapse_core::ledger::Dating;
use synapse_core::time::Timestamp;

/// Records that the row at `sequence` was completed on `day`.
pub(super) fn note(database: &Connection, sequence: i64, day: i64) -> rusqlite::Result<()> {
    let last: Option<i64> = database
        .prepare_cached("SELECT day FROM days ORDER BY sequence DESC LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    if last == Some(day) {
        return Ok(());
    }
    database
        .prepare_cached("INSERT OR REPLACE INTO days (sequence, day) VALUES (?, ?)")?
        .execute(params![sequence, day])
        .map(drop)
}

/// Builds the table from existing rows, for a ledger of an older format.
pub(super) fn from_rows(database: &Connection) -> rusqlite::Result<()> {
    let mut statement = database.prepare(
        "SELECT sequence, coalesce(ended_at, started_at) FROM entries
         WHERE sequence IS NOT NULL AND outcome <> 'interrupted' ORDER BY sequence",
    )?;
    let mut rows = statement.query([])?;
    let mut last = None;
    while let Some(row) = rows.next()? {
        let (sequence, millis): (i64, i64) = (row.get(0)?, row.get(1)?);
        let day = Timestamp::from_millis(millis).day();
        if last != Some(day) {
            note(database, sequence, day)?;
            last = Some(day);
        }
    }
    Ok(())
}

/// The days in chain order, then `today`.
fn in_order(database: &Connection, today: i64) -> rusqlite::Result<Vec<i64>> {
    let mut statement = database.prepare_cached("SELECT day FROM days ORDER BY sequence")?;
    let mut days: Vec<i64> = statement
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    days.push(today);
    Ok(days)
}

/// Selects the longest non-decreasing subsequence of days as plausible.
///
/// A clock that was wrong for a while leaves a few days that contradict the majority.
fn believable(days: &[i64]) -> Vec<bool> {
    // The best last index per length, and each element's predecessor.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(days.len());
    let day = |at: usize| days.get(at).copied().unwrap_or_default();
    for at in 0..days.len() {
        let length = ends.partition_point(|end| day(*end) <= day(at));
        before.push(
            length
                .checked_sub(1)
                .and_then(|last| ends.get(last).copied()),
        );
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut found = vec![false; days.len()];
    let mut next = ends.last().copied();
    while let Some(at) = next {
        if let Some(found) = found.get_mut(at) {
            *found = true;
        }
        next = before.get(at).copied().flatten();
    }
    found
}

/// The reference day for removing rows older than `kept` days: today if the previous days confirm
/// it, else an earlier day with calls.
///
/// A clock that is ahead looks like a long pause. So after a pause of more than half the retention
/// time, a day is believed only if calls follow on two more days, or a week later. `None` if there
/// are too few days to tell; then nothing is removed.
pub(super) fn believed(
    database: &Connection,
    today: i64,
    kept: i64,
) -> rusqlite::Result<Option<i64>> {
    let days = in_order(database, today)?;
    let right = believable(&days);
    if right.last() != Some(&true) {
        return Ok(None);
    }
    let mut days: Vec<i64> = days
        .into_iter()
        .zip(right)
        .filter_map(|(day, right)| right.then_some(day))
        .collect();
    days.dedup();
    let pause = (kept / 2).max(1);
    while let Some((last, earlier)) = days.split_last() {
        let mut since = *last;
        let mut count = 1;
        let mut paused = false;
        for day in earlier.iter().rev() {
            if since - day > pause {
                paused = true;
                break;
            }
            since = *day;
            count += 1;
        }
        let borne_out = count > 2 || last - since >= WEEK || (!paused && count > 1);
        if borne_out {
            return Ok(Some(*last));
        }
        days.pop();
    }
    Ok(None)
}

/// The first place written after a row of `day` or later, ignoring days beyond `today`: rows from
/// there on are not as old as their dates claim.
pub(super) fn first_since(
    database: &Connection,
    day: i64,
    today: i64,
) -> rusqlite::Result<Option<i64>> {
    database
        .prepare_cached("SELECT min(sequence) FROM days WHERE day BETWEEN ? AND ?")?
        .query_row([day, today], |row| row.get(0))
}

/// Judges the dates by the order of rows, as of `now`.
pub(super) fn dating(database: &Connection, now: Timestamp) -> rusqlite::Result<Dating> {
    let today = now.day();
    let days = in_order(database, today)?;
    let right = believable(&days);
    let mut ahead = BTreeSet::new();
    let mut last = None;
    let mut earliest = today;
    for (day, right) in days.iter().zip(right).rev() {
        // A call may end on the next day, and several may end in any order.
        if *day > earliest + 1 {
            ahead.insert(*day);
        } else if right {
            earliest = earliest.min(*day);
            if *day < today && last.is_none() {
                last = Some(*day);
            }
        }
    }
    Ok(Dating {
        ahead: ahead.into_iter().map(Timestamp::of_day).collect(),
        last: last.map(Timestamp::of_day),
        jumped: last.is_some_and(|last| today - last > Dating::LONGEST_PAUSE),
    })
}

const WEEK: i64 = 7;

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(days: &[i64]) -> Connection {
        let database = Connection::open_in_memory().unwrap();
        database
            .execute_batch("CREATE TABLE days (sequence INTEGER PRIMARY KEY, day INTEGER NOT NULL)")
            .unwrap();
        for (sequence, day) in (1..).zip(days) {
            note(&database, sequence, *day).unwrap();
        }
        database
    }

    fn as_of(days: &[i64], today: i64, kept: i64) -> Option<i64> {
        believed(&ledger(days), today, kept).unwrap()
    }

    #[test]
    fn a_day_is_noted_when_it_changes() {
        let database = ledger(&[5, 5, 6, 6, 5]);
        let noted: i64 = database
            .query_row("SELECT count(*) FROM days", [], |row| row.get(0))
            .unwrap();
        assert_eq!(noted, 3);
        assert_eq!(first_since(&database, 6, 10).unwrap(), Some(3));
        assert_eq!(first_since(&database, 7, 10).unwrap(), None);
    }

    #[test]
    fn today_is_believed_when_the_days_before_bear_it_out() {
        assert_eq!(as_of(&[98, 99, 100], 100, 7), Some(100));
        assert_eq!(as_of(&[60, 90, 100], 100, 90), Some(100));
        // A week after a pause.
        assert_eq!(as_of(&[60, 90, 100], 100, 30), Some(100));
        assert_eq!(as_of(&[99], 100, 7), Some(100));
        assert_eq!(as_of(&[], 100, 7), None);
        assert_eq!(as_of(&[100], 100, 7), None);
    }

    /// Days far ahead, even several, remove nothing that the days before would not.
    #[test]
    fn a_leap_is_not_believed_before_two_more_days_follow_it() {
        assert_eq!(as_of(&[98, 99], 3_700, 7), Some(99));
        assert_eq!(as_of(&[98, 99, 3_700], 3_700, 7), Some(99));
        assert_eq!(as_of(&[98, 99, 3_700], 3_701, 7), Some(99));
        assert_eq!(as_of(&[98, 99, 3_700], 4_065, 7), Some(99));
        assert_eq!(as_of(&[98, 99, 3_700, 3_701], 3_702, 7), Some(3_702));
        assert_eq!(as_of(&[10], 3_700, 7), None);
    }

    #[test]
    fn days_that_others_contradict_do_not_count() {
        let days = [98, 99, 3_700, 100, 101];
        assert_eq!(as_of(&days, 101, 7), Some(101));
        let database = ledger(&days);
        let at = |day: i64| dating(&database, Timestamp::of_day(day)).unwrap();
        let found = at(101);
        assert_eq!(found.ahead, [Timestamp::of_day(3_700)]);
        assert_eq!(found.last, Some(Timestamp::of_day(100)));
        assert!(!found.jumped);
        // The clock was behind: the day before it still counts.
        assert_eq!(as_of(&[98, 99, 3, 100], 100, 7), Some(100));
        let behind = ledger(&[98, 99, 3, 100]);
        let found = dating(&behind, Timestamp::of_day(100)).unwrap();
        assert_eq!(
            (found.ahead, found.last),
            (vec![], Some(Timestamp::of_day(99)))
        );
        // The clock is behind now.
        assert_eq!(as_of(&[98, 99, 100], 3, 7), None);
        let found = dating(&ledger(&[98, 99]), Timestamp::of_day(3_700)).unwrap();
        assert!(found.jumped && found.ahead.is_empty());
        // Around midnight calls end in any order.
        let midnight = ledger(&[5, 6, 5, 6]);
        assert_eq!(dating(&midnight, Timestamp::of_day(6)).unwrap().ahead, []);
    }
}
