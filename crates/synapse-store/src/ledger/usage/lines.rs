//! The lines of a report in progress. Days and rows are each read once, without sorting: their sums
//! are added up by raw keys here, which takes half the time of groups in SQL.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Rows, params};
use synapse_core::ledger::{Outcome, PeriodUsage, UsageKey, UsageLine, UsageQuery};
use synapse_core::time::Timestamp;

use super::super::columns::{CONTENT, Facts, sealed};
use super::super::daily::{self, DailySums};
use super::super::latency::Tally;
use super::super::orphans::OrphanRows;
use super::super::query::bounds;
use super::keys::{BEGIN_OF_DAY, day_column, key_column, key_of, rows_of, shown_key};
use super::range::{Range, RangePart};

/// The latencies to add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timing {
    /// None.
    LeftOut,
    /// By the key of the lines.
    ByKey,
    /// By the period of the lines.
    ByPeriod,
}

/// Sums by period, empty if none is requested, and key; and latencies by one of them.
pub(super) struct UsageLines<'a> {
    per: Option<UsageKey>,
    by: UsageKey,
    timing: Timing,
    connection: Option<&'a str>,
    pub(super) sums: BTreeMap<(String, String), DailySums>,
    pub(super) latencies: BTreeMap<String, Tally>,
}

impl<'a> UsageLines<'a> {
    pub(super) fn read(
        database: &Connection,
        orphans: &OrphanRows,
        query: &'a UsageQuery,
        per: Option<UsageKey>,
        timing: Timing,
    ) -> rusqlite::Result<Self> {
        let mut lines = Self {
            per,
            by: query.by,
            timing,
            connection: query.connection.as_deref(),
            sums: BTreeMap::new(),
            latencies: BTreeMap::new(),
        };
        // Only rows contain the hour.
        let finest = match per {
            Some(UsageKey::Hour) => UsageKey::Hour,
            _ => query.by,
        };
        let range = Range::of(query);
        let mut groups = Groups::new(timing);
        for part in range.parts(finest) {
            match part {
                RangePart::Days { first, last } => {
                    lines.read_days(database, first, last, &mut groups)?;
                }
                RangePart::Rows(range) => lines.read_rows(database, query, range, &mut groups)?,
            }
        }
        lines.add(groups)?;
        lines.add_open(database, orphans, range)?;
        Ok(lines)
    }

    /// The same lines by period.
    pub(super) fn periods(&self, line: impl Fn(&str, &DailySums) -> UsageLine) -> Vec<PeriodUsage> {
        let mut periods: Vec<PeriodUsage> = Vec::new();
        for ((period, key), sums) in &self.sums {
            let line = line(key, sums);
            match periods.last_mut().filter(|last| last.period == *period) {
                Some(last) => last.lines.push(line),
                None => periods.push(PeriodUsage {
                    period: period.clone(),
                    lines: vec![line],
                }),
            }
        }
        periods
    }

    /// The sums by what the latencies are by.
    pub(super) fn by_one_key(&self) -> BTreeMap<&str, DailySums> {
        let mut merged: BTreeMap<&str, DailySums> = BTreeMap::new();
        for ((period, key), sums) in &self.sums {
            let key = match self.timing {
                Timing::ByPeriod => period,
                Timing::ByKey | Timing::LeftOut => key,
            };
            merged.entry(key).or_default().merge(sums);
        }
        merged
    }

    /// Empty if no period is requested.
    fn period(&self, time: Timestamp) -> String {
        let period = self.per.and_then(|per| per.period(time));
        period.unwrap_or_default()
    }

    fn read_days(
        &self,
        database: &Connection,
        first: i64,
        last: i64,
        groups: &mut Groups,
    ) -> rusqlite::Result<()> {
        let mut statement = database.prepare_cached(&format!(
            "SELECT {}, {}, {}, {} FROM daily WHERE day BETWEEN ?1 AND ?2
             AND connection <> '' AND (?3 IS NULL OR connection = ?3)",
            day_column(self.by),
            self.per.map_or("0", |_| BEGIN_OF_DAY),
            match self.timing {
                Timing::LeftOut => "x''",
                Timing::ByKey | Timing::ByPeriod => "latencies",
            },
            daily::reported(),
        ))?;
        let mut rows = statement.query(params![first, last, self.connection])?;
        while let Some(row) = rows.next()? {
            let (sums, latencies) = groups.of(row)?;
            if let Some(latencies) = latencies {
                latencies.add_encoded(row.get_ref(2)?.as_blob()?);
            }
            sums.add_reported(row, 3)?;
        }
        Ok(())
    }

    fn read_rows(
        &self,
        database: &Connection,
        query: &UsageQuery,
        range: Range,
        groups: &mut Groups,
    ) -> rusqlite::Result<()> {
        let columns = format!(
            "{}, {}, latency_ms, {}",
            key_column(self.by),
            self.per.map_or("0", key_column),
            daily::REPORTED_OF_ROWS,
        );
        let mut facts = Facts::default();
        with_rows(database, range, query, &columns, |mut rows| {
            while let Some(row) = rows.next()? {
                let (sums, latencies) = groups.of(row)?;
                daily::read_reported(&mut facts, row, 3)?;
                if let Some(latencies) = latencies
                    && facts.outcome == Outcome::Ok.as_str()
                    && let Some(millis) = row.get(2)?
                {
                    latencies.add(millis);
                }
                sums.report(&facts);
            }
            Ok(())
        })
    }

    /// Adds groups under their shown names, which several raw ones may share.
    fn add(&mut self, groups: Groups) -> rusqlite::Result<()> {
        let periods = groups.periods.shown(|value| match value {
            ValueRef::Integer(millis) => Ok(self.period(Timestamp::from_millis(millis))),
            _ => Ok(String::new()),
        })?;
        let keys = groups
            .keys
            .shown(|value| shown_key(value, self.by).map(Cow::into_owned))?;
        let name = |names: &[String], place: usize| names.get(place).cloned().unwrap_or_default();
        for ((period, key), sums) in &groups.sums {
            let place = (name(&periods, *period), name(&keys, *key));
            self.sums.entry(place).or_default().merge(sums);
        }
        let names = match self.timing {
            Timing::ByPeriod => &periods,
            Timing::ByKey | Timing::LeftOut => &keys,
        };
        for (place, latencies) in groups.latencies.iter().enumerate() {
            let all = self.latencies.entry(name(names, place)).or_default();
            all.merge(latencies);
        }
        Ok(())
    }

    /// Calls in progress, and those of dead processes that could not be completed. They have no
    /// latencies.
    fn add_open(
        &mut self,
        database: &Connection,
        orphans: &OrphanRows,
        range: Range,
    ) -> rusqlite::Result<()> {
        let query = UsageQuery {
            connection: self.connection.map(str::to_owned),
            ..UsageQuery::by(self.by)
        };
        each_open(database, orphans, range, &query, |facts| {
            let time = Timestamp::from_millis(facts.started_at);
            let place = (self.period(time), key_of(facts, self.by));
            self.sums.entry(place).or_default().add(facts);
        })
    }
}

/// Sums by raw keys: making the shown key of each row would take longer than adding up.
struct Groups {
    periods: KeyNumbers,
    keys: KeyNumbers,
    sums: HashMap<(usize, usize), DailySums>,
    timing: Timing,
    /// By the place of a key or period.
    latencies: Vec<Tally>,
}

impl Groups {
    fn new(timing: Timing) -> Self {
        Self {
            periods: KeyNumbers::default(),
            keys: KeyNumbers::default(),
            sums: HashMap::new(),
            timing,
            latencies: Vec::new(),
        }
    }

    /// The sums and latencies for a row that begins with its key and its period.
    fn of(&mut self, row: &Row<'_>) -> rusqlite::Result<(&mut DailySums, Option<&mut Tally>)> {
        let key = self.keys.place(row.get_ref(0)?)?;
        let period = self.periods.place(row.get_ref(1)?)?;
        let timed = match self.timing {
            Timing::LeftOut => None,
            Timing::ByKey => Some(key),
            Timing::ByPeriod => Some(period),
        };
        if let Some(place) = timed
            && place >= self.latencies.len()
        {
            self.latencies.resize_with(place + 1, Tally::default);
        }
        let latencies = timed.and_then(|place| self.latencies.get_mut(place));
        Ok((self.sums.entry((period, key)).or_default(), latencies))
    }
}

/// Raw keys, numbered: the beginning of a period in milliseconds, or a text.
#[derive(Default)]
struct KeyNumbers {
    times: HashMap<i64, usize>,
    texts: HashMap<String, usize>,
    /// Rows with the same key often follow each other.
    last_time: Option<(i64, usize)>,
}

impl KeyNumbers {
    fn place(&mut self, value: ValueRef<'_>) -> rusqlite::Result<usize> {
        let next = self.times.len() + self.texts.len();
        if let ValueRef::Integer(time) = value {
            if let Some((_, place)) = self.last_time.filter(|(last, _)| *last == time) {
                return Ok(place);
            }
            let place = *self.times.entry(time).or_insert(next);
            self.last_time = Some((time, place));
            return Ok(place);
        }
        let text = value.as_str()?;
        if let Some(place) = self.texts.get(text) {
            return Ok(*place);
        }
        self.texts.insert(text.to_owned(), next);
        Ok(next)
    }

    /// Their shown names, by number.
    fn shown(
        &self,
        show: impl Fn(ValueRef<'_>) -> rusqlite::Result<String>,
    ) -> rusqlite::Result<Vec<String>> {
        let mut shown = vec![String::new(); self.times.len() + self.texts.len()];
        let times = self
            .times
            .iter()
            .map(|(time, place)| (ValueRef::Integer(*time), *place));
        let texts = self
            .texts
            .iter()
            .map(|(text, place)| (ValueRef::Text(text.as_bytes()), *place));
        for (value, place) in times.chain(texts) {
            if let Some(name) = shown.get_mut(place) {
                *name = show(value)?;
            }
        }
        Ok(shown)
    }
}

/// Visits the calls in progress of a range that `query` sums, and those of dead processes that could
/// not be completed.
pub(super) fn each_open(
    database: &Connection,
    orphans: &OrphanRows,
    range: Range,
    query: &UsageQuery,
    mut visit: impl FnMut(&Facts),
) -> rusqlite::Result<()> {
    let mut statement = database.prepare_cached(&format!(
        "SELECT {}, {} FROM entries WHERE outcome <> 'ok' AND outcome = 'open'
         AND started_at >= ?1 AND started_at < ?2 AND (?3 IS NULL OR connection = ?3)
         AND {}",
        sealed(),
        orphans.condition(),
        rows_of(query.by)
    ))?;
    let mut rows = statement.query(params![range.since, range.until, query.connection])?;
    while let Some(row) = rows.next()? {
        let mut facts = Facts::of(row)?;
        if row.get(CONTENT)? {
            Outcome::Interrupted.as_str().clone_into(&mut facts.outcome);
            facts.maybe_billed = facts.server.is_none();
        }
        visit(&facts);
    }
    Ok(())
}

/// Visits the complete rows of a range that `query` sums, of one connection or all.
pub(super) fn with_rows(
    database: &Connection,
    range: Range,
    query: &UsageQuery,
    columns: &str,
    visit: impl FnOnce(Rows<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let time = |millis: i64, none: i64| (millis != none).then(|| Timestamp::from_millis(millis));
    let since = time(range.since, i64::MIN);
    let until = time(range.until, i64::MAX);
    let Some((first, last)) = bounds(database, since, until)? else {
        return Ok(());
    };
    let mut statement = database.prepare_cached(&format!(
        "SELECT {columns} FROM entries WHERE call_id BETWEEN ?1 AND ?2 AND outcome <> 'open'
         AND started_at >= ?3 AND started_at < ?4 AND (?5 IS NULL OR connection = ?5) AND {}",
        rows_of(query.by)
    ))?;
    let connection = query.connection.as_deref();
    visit(statement.query(params![first, last, range.since, range.until, connection])?)
}
