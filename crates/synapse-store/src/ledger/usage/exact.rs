//! Exact latencies, for reports over few calls.

use std::collections::BTreeMap;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use synapse_core::ledger::{Outcome, UsageKey, UsageQuery};

use super::keys::{key_column, shown_key};
use super::lines::with_rows;
use super::number;
use super::range::Range;

/// Exact latencies of successful calls, for a report over few calls.
#[derive(Default)]
pub(super) struct Exact {
    of_key: BTreeMap<String, Vec<i64>>,
    all: Vec<i64>,
}

impl Exact {
    pub(super) fn read(
        database: &Connection,
        range: Range,
        query: &UsageQuery,
    ) -> rusqlite::Result<Self> {
        let mut exact = Self::default();
        // Of each row only what is needed: the others are most of the work.
        let columns = format!("latency_ms, outcome, {}", key_column(query.by));
        with_rows(database, range, query, &columns, |mut rows| {
            while let Some(row) = rows.next()? {
                if let Some(millis) = answered_after(row, 0)? {
                    exact.add(millis, row.get_ref(2)?, query.by)?;
                }
            }
            Ok(())
        })?;
        exact.all.sort_unstable();
        exact
            .of_key
            .values_mut()
            .for_each(|latencies| latencies.sort_unstable());
        Ok(exact)
    }

    fn add(&mut self, millis: i64, key: ValueRef<'_>, by: UsageKey) -> rusqlite::Result<()> {
        self.all.push(millis);
        let key = shown_key(key, by)?;
        match self.of_key.get_mut(&*key) {
            Some(latencies) => latencies.push(millis),
            None => drop(self.of_key.insert(key.into_owned(), vec![millis])),
        }
        Ok(())
    }

    /// The nearest-rank percentile of one key, or of all.
    pub(super) fn percentile(&self, key: Option<&str>, percent: u64) -> Option<u64> {
        let latencies = match key {
            Some(key) => self.of_key.get(key)?,
            None => &self.all,
        };
        let rank = u64::try_from(latencies.len()).ok()?;
        let rank = rank.saturating_mul(percent).div_ceil(100).checked_sub(1)?;
        let rank = usize::try_from(rank).ok()?;
        latencies.get(rank).map(|millis| number(*millis))
    }
}

/// The latency of an answered call, from the columns `latency_ms` and `outcome` of a row.
fn answered_after(row: &Row<'_>, begin: usize) -> rusqlite::Result<Option<i64>> {
    let latency: Option<i64> = row.get(begin)?;
    let is_answered = row.get_ref(begin + 1)?.as_str()? == Outcome::Ok.as_str();
    Ok(latency.filter(|_| is_answered))
}
