//! The sums of an overview: several ranges by several keys, from one pass over the daily sums.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use synapse_core::ledger::{OverviewSpans, UsageKey, UsageLine, UsageQuery, UsageReport};
use synapse_core::time::Timestamp;

use super::super::columns::Facts;
use super::super::daily::{self, DailySums};
use super::super::orphans::OrphanRows;
use super::keys::{key_of, shown_key};
use super::lines::{each_open, with_rows};
use super::range::{Range, RangePart};
use super::without_latencies;

/// Sums by day, and those of this month by model and client.
pub(in super::super) struct Spans {
    spans: OverviewSpans,
    days: BTreeMap<i64, DailySums>,
    models: BTreeMap<String, DailySums>,
    clients: BTreeMap<String, DailySums>,
    before: DailySums,
}

impl Spans {
    pub(in super::super) fn read(
        database: &Connection,
        orphans: &OrphanRows,
        spans: OverviewSpans,
    ) -> rusqlite::Result<Self> {
        let mut sums = Self {
            spans,
            days: BTreeMap::new(),
            models: BTreeMap::new(),
            clients: BTreeMap::new(),
            before: DailySums::default(),
        };
        let of_before = UsageQuery {
            since: Some(spans.before),
            until: Some(spans.before_until),
            ..UsageQuery::by(UsageKey::Day)
        };
        let mut whole = None;
        for part in Range::of(&of_before).parts(UsageKey::Day) {
            match part {
                RangePart::Days { first, last } => whole = Some((first, last)),
                RangePart::Rows(range) => sums.read_before(database, &of_before, range)?,
            }
        }
        // The days of the month before need not lie in the last thirty.
        match whole {
            Some((first, last)) if last < sums.spans.first.day() => {
                sums.read_days(database, (first, last), (first, last))?;
                sums.read_days(database, (sums.spans.first.day(), i64::MAX), NEVER)?;
            }
            Some((first, last)) => {
                let begin = first.min(sums.spans.first.day());
                sums.read_days(database, (begin, i64::MAX), (first, last))?;
            }
            None => sums.read_days(database, (sums.spans.first.day(), i64::MAX), NEVER)?,
        }
        let range = Range {
            since: spans.first.min(spans.before).as_millis(),
            until: i64::MAX,
        };
        each_open(database, orphans, range, &of_before, |facts| {
            sums.add(facts);
        })?;
        Ok(sums)
    }

    /// Reads days, of which those in `before` count as the month before.
    fn read_days(
        &mut self,
        database: &Connection,
        (first, last): (i64, i64),
        before: (i64, i64),
    ) -> rusqlite::Result<()> {
        let first_shown = self.spans.first.day();
        let month = self.spans.month.day();
        let mut statement = database.prepare_cached(&format!(
            "SELECT day, model, client, {} FROM daily
             WHERE day BETWEEN ?1 AND ?2 AND connection <> ''",
            daily::reported(),
        ))?;
        let mut rows = statement.query(params![first, last])?;
        while let Some(row) = rows.next()? {
            let day = row.get(0)?;
            let mut sums = DailySums::default();
            sums.add_reported(row, 3)?;
            if (before.0..=before.1).contains(&day) {
                self.before.merge(&sums);
            }
            if day >= month {
                let model = shown_key(row.get_ref(1)?, UsageKey::Model)?;
                merge(&mut self.models, &model, &sums);
                let client = shown_key(row.get_ref(2)?, UsageKey::Client)?;
                merge(&mut self.clients, &client, &sums);
            }
            if day >= first_shown {
                self.days.entry(day).or_default().merge(&sums);
            }
        }
        Ok(())
    }

    /// Adds the rows of a part of a day of the month before.
    fn read_before(
        &mut self,
        database: &Connection,
        query: &UsageQuery,
        range: Range,
    ) -> rusqlite::Result<()> {
        let mut facts = Facts::default();
        with_rows(
            database,
            range,
            query,
            daily::REPORTED_OF_ROWS,
            |mut rows| {
                while let Some(row) = rows.next()? {
                    daily::read_reported(&mut facts, row, 0)?;
                    self.before.report(&facts);
                }
                Ok(())
            },
        )
    }

    fn add(&mut self, facts: &Facts) {
        let at = facts.started_at;
        if at >= self.spans.before.as_millis() && at < self.spans.before_until.as_millis() {
            self.before.add(facts);
        }
        if at >= self.spans.month.as_millis() {
            for (groups, by) in [
                (&mut self.models, UsageKey::Model),
                (&mut self.clients, UsageKey::Client),
            ] {
                groups.entry(key_of(facts, by)).or_default().add(facts);
            }
        }
        if at >= self.spans.first.as_millis() {
            self.days.entry(daily::day(at)).or_default().add(facts);
        }
    }

    pub(in super::super) fn days(&self) -> UsageReport {
        let name = |day: &i64| UsageKey::Day.period(Timestamp::of_day(*day));
        report(
            self.days
                .iter()
                .map(|(day, sums)| (name(day).unwrap_or_default(), sums)),
        )
    }

    pub(in super::super) fn models(&self) -> UsageReport {
        report(
            self.models
                .iter()
                .map(|(model, sums)| (model.clone(), sums)),
        )
    }

    pub(in super::super) fn clients(&self) -> UsageReport {
        report(
            self.clients
                .iter()
                .map(|(client, sums)| (client.clone(), sums)),
        )
    }

    pub(in super::super) fn before(&self) -> UsageLine {
        without_latencies("total", &self.before)
    }
}

fn merge(groups: &mut BTreeMap<String, DailySums>, key: &str, sums: &DailySums) {
    match groups.get_mut(key) {
        Some(found) => found.merge(sums),
        None => drop(groups.insert(key.to_owned(), sums.clone())),
    }
}

fn report<'a>(groups: impl Iterator<Item = (String, &'a DailySums)>) -> UsageReport {
    let mut total = DailySums::default();
    let lines = groups
        .map(|(key, sums)| {
            total.merge(sums);
            without_latencies(&key, sums)
        })
        .collect();
    UsageReport {
        lines,
        total: without_latencies("total", &total),
        ..UsageReport::default()
    }
}

const NEVER: (i64, i64) = (1, 0);
