//! The figures of an overview in one transaction. The daily sums are read once for all of them.

use rusqlite::Connection;
use synapse_core::Failure;
use synapse_core::call::CallId;
use synapse_core::ledger::{LatestCall, Outcome, Overview, OverviewSpans, UsageKey, UsageQuery};
use synapse_core::time::Timestamp;
use uuid::Uuid;

use super::orphans::OrphanRows;
use super::reader::Reader;
use super::usage::Spans;
use super::{glance, spool, usage};

/// The figures at `now`.
pub(super) fn overview(reader: &Reader, now: Timestamp) -> Result<Overview, Failure> {
    let mut found = reader.ask(|database, orphans| read(database, orphans, now))?;
    found.today.waiting = spool::waiting(reader.home());
    Ok(found)
}

fn read(database: &Connection, orphans: &OrphanRows, now: Timestamp) -> rusqlite::Result<Overview> {
    let spans = OverviewSpans::of(now);
    let sums = Spans::read(database, orphans, spans)?;
    let today = UsageQuery {
        since: Some(spans.today),
        ..UsageQuery::by(UsageKey::Day)
    };
    Ok(Overview {
        days: sums.days(),
        models: sums.models(),
        clients: sums.clients(),
        before: sums.before(),
        today: usage::report(database, orphans, &today)?,
        failures: glance::grouped(database, orphans, spans.today)?,
        standings: glance::all(database, orphans, now)?,
        newest: newest(database, orphans)?,
    })
}

fn newest(database: &Connection, orphans: &OrphanRows) -> rusqlite::Result<Vec<LatestCall>> {
    let mut statement = database.prepare_cached(&format!(
        "SELECT call_id, connection, started_at, {}, error_code FROM entries
         ORDER BY call_id DESC LIMIT {}",
        orphans.outcome(),
        Overview::NEWEST
    ))?;
    let calls = statement.query_map([], |row| {
        Ok(LatestCall {
            call_id: CallId::new(Uuid::from_bytes(row.get(0)?)),
            connection: row.get(1)?,
            started_at: Timestamp::from_millis(row.get(2)?),
            outcome: Outcome::parse(row.get_ref(3)?.as_str()?).unwrap_or(Outcome::Interrupted),
            error_code: row.get(4)?,
        })
    })?;
    calls.collect()
}
