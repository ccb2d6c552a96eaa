//! The extent of the chain, and seals at given places: needed to continue an export.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use synapse_core::Failure;
use synapse_core::dataset::Month;
use synapse_core::ledger::{ChainHead, Extent};
use synapse_core::time::Timestamp;

use super::chain::{self, Head, Seal, UNKNOWN};
use super::reader::Reader;

/// The end of the chain and the months of its rows.
pub(super) fn extent(reader: &Reader) -> Result<Extent, Failure> {
    reader.ask(|database, _| {
        let head = Head::load(database)?;
        let mut months = BTreeSet::new();
        let mut statement = database.prepare("SELECT DISTINCT day FROM daily")?;
        let mut days = statement.query([])?;
        while let Some(day) = days.next()? {
            months.insert(Month::of(Timestamp::of_day(day.get(0)?)));
        }
        let number = |sql: &str| {
            let number: i64 = database.query_row(sql, [], |row| row.get(0))?;
            Ok::<_, rusqlite::Error>(u64::try_from(number).unwrap_or_default())
        };
        Ok(Extent {
            head: (head.sequence > 0).then(|| ChainHead {
                sequence: u64::try_from(head.sequence).unwrap_or_default(),
                hash: chain::shown(&head.seal),
            }),
            months,
            repaired: number("SELECT coalesce(max(sequence), 0) FROM repairs")?,
            open: number(
                "SELECT count(*) FROM entries WHERE outcome <> 'ok' AND outcome = 'open'
                 AND sequence IS NULL",
            )?,
        })
    })
}

/// The known seals at `places`.
pub(super) fn seals(reader: &Reader, places: &[u64]) -> Result<BTreeMap<u64, String>, Failure> {
    reader.ask(|database, _| {
        let mut found = BTreeMap::new();
        // Places have no index: each query scans the rows once for many places.
        for some in places.chunks(TOGETHER) {
            let listed = listed(some);
            for sql in [
                format!("SELECT last, seal FROM gaps WHERE last IN ({listed})"),
                format!("SELECT sequence, seal FROM purges WHERE sequence IN ({listed})"),
                format!("SELECT sequence, seal FROM repairs WHERE sequence IN ({listed})"),
                format!("SELECT sequence, seal FROM entries WHERE sequence IN ({listed})"),
            ] {
                add(database, &sql, &mut found)?;
            }
        }
        Ok(found)
    })
}

fn add(
    database: &Connection,
    sql: &str,
    found: &mut BTreeMap<u64, String>,
) -> rusqlite::Result<()> {
    let mut statement = database.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (sequence, seal): (i64, Option<Seal>) = (row.get(0)?, row.get(1)?);
        let seal = seal.filter(|seal| *seal != UNKNOWN);
        if let (Ok(sequence), Some(seal)) = (u64::try_from(sequence), seal) {
            found.insert(sequence, chain::shown(&seal));
        }
    }
    Ok(())
}

/// Numbers only, so nothing needs quoting.
fn listed(places: &[u64]) -> String {
    let places: Vec<String> = places.iter().map(u64::to_string).collect();
    places.join(",")
}

const TOGETHER: usize = 10_000;
