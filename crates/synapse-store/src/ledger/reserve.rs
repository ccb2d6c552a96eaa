//! Checks a call against its connection's limits, in the transaction that reserves its maximum.

use rusqlite::{Connection, Row, params};
use synapse_core::ledger::Reservation;
use synapse_core::limits::{Grant, LimitDecision, Spent, Sums};
use synapse_core::time::Timestamp;

use super::daily::day;
use super::sql::key;

/// Decides, and on success writes the reservation to the open row of the call. `None` without such
/// a row, since nothing could be reserved.
pub(super) fn reserve(
    database: &Connection,
    reservation: &Reservation,
) -> rusqlite::Result<Option<LimitDecision>> {
    let spent = spent(database, reservation)?;
    let verdict = reservation.limits.judge(&reservation.demand, &spent);
    if let LimitDecision::Granted(Grant {
        tokens, nano_usd, ..
    }) = &verdict
    {
        let stored = |amount: u64| i64::try_from(amount).unwrap_or(i64::MAX);
        let written = database
            .prepare_cached(
                "UPDATE entries SET reserved_tokens = ?, reserved_nano_usd = ?
                 WHERE call_id = ? AND outcome = 'open'",
            )?
            .execute(params![
                stored(*tokens),
                nano_usd.map(stored),
                key(reservation.call_id).into_bytes()
            ])?;
        if written == 0 {
            return Ok(None);
        }
    }
    Ok(Some(verdict))
}

/// The days of a period, both ends included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Days {
    pub(super) first: i64,
    pub(super) last: i64,
}

impl Days {
    /// The days of the month of `at`.
    pub(super) fn month_of(at: Timestamp) -> Self {
        let first = at.month_start().day();
        // Day 32 of a month is in the next one.
        let next = Timestamp::of_day(first + 31).month_start().day();
        Self {
            first,
            last: next - 1,
        }
    }
}

fn spent(database: &Connection, reservation: &Reservation) -> rusqlite::Result<Spent> {
    let today = reservation.at.day();
    let day = Days {
        first: today,
        last: today,
    };
    Ok(Spent {
        day: sum(database, reservation, day)?,
        month: sum(database, reservation, Days::month_of(reservation.at))?,
    })
}

/// The sum of complete rows, carried amounts, and reservations in progress.
fn sum(database: &Connection, reservation: &Reservation, days: Days) -> rusqlite::Result<Sums> {
    let mut sums = Sums::default();
    let mut add = |row: &Row<'_>| -> rusqlite::Result<()> {
        let count = |amount: Option<i64>| {
            amount
                .and_then(|amount| u64::try_from(amount).ok())
                .unwrap_or_default()
        };
        sums.tokens = sums.tokens.saturating_add(count(row.get(0)?));
        sums.nano_usd = sums.nano_usd.saturating_add(count(row.get(1)?));
        Ok(())
    };
    let mut complete = database.prepare_cached(
        "SELECT limit_tokens, limit_nano_usd FROM daily
         WHERE day BETWEEN ? AND ? AND connection = ?",
    )?;
    let mut rows = complete.query(params![days.first, days.last, reservation.connection])?;
    while let Some(row) = rows.next()? {
        add(row)?;
    }
    let mut gone = database.prepare_cached(
        "SELECT limit_tokens, limit_nano_usd FROM carried
         WHERE connection = ? AND day BETWEEN ? AND ?",
    )?;
    let mut rows = gone.query(params![reservation.connection, days.first, days.last])?;
    while let Some(row) = rows.next()? {
        add(row)?;
    }
    let mut open = database.prepare_cached(
        "SELECT reserved_tokens, reserved_nano_usd, started_at FROM entries
         WHERE outcome <> 'ok' AND outcome = 'open' AND connection = ? AND call_id <> ?",
    )?;
    let id = key(reservation.call_id).into_bytes();
    let mut rows = open.query(params![reservation.connection, id])?;
    while let Some(row) = rows.next()? {
        if (days.first..=days.last).contains(&day(row.get(2)?)) {
            add(row)?;
        }
    }
    Ok(sums)
}
