//! Daily sums of complete rows by connection, provider, model and client, maintained in the
//! transaction that completes a row. Reports over whole days read only these.

use rusqlite::{Connection, OptionalExtension as _, Row, params, params_from_iter};
use synapse_core::ledger::Outcome;
use synapse_core::time::Timestamp;

use super::columns::Facts;
use super::latency::Latencies;
use super::sql::{blob, integer, text};

/// The key of sums.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DailyKey {
    /// Days since 1970, UTC.
    pub(super) day: i64,
    pub(super) connection: String,
    pub(super) provider: String,
    pub(super) model: String,
    /// Empty for calls without a client.
    pub(super) client: String,
}

macro_rules! sums {
    ($($(#[$doc:meta])* $name:ident: $of_row:expr, $use:expr;)*) => {
        /// Sums. Saturate instead of overflowing.
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub(super) struct DailySums {
            /// The smallest row key included.
            pub(super) first_id: [u8; 16],
            /// The largest row key included.
            pub(super) last_id: [u8; 16],
            $($(#[$doc])* pub(super) $name: i64,)*
            /// Latencies of successful calls.
            pub(super) latencies: Latencies,
        }

        /// Every sum, in the order of the table.
        const SUMS: &[Sum] = &[$(Sum {
            name: stringify!($name),
            of_row: $of_row,
            used_in: $use,
            value: |sums| sums.$name,
            place: |sums| &mut sums.$name,
        },)*];
    };
}

sums! {
    calls: |_| 1, Use::Reports;
    ok: |row| i64::from(is(row, Outcome::Ok)), Use::Reports;
    failed: |row| i64::from(is_failed(row)), Use::Reports;
    refused: |row| i64::from(is(row, Outcome::Refused)), Use::Reports;
    prompt_tokens: |row| row.prompt_tokens.unwrap_or_default(), Use::Reports;
    completion_tokens: |row| row.completion_tokens.unwrap_or_default(), Use::Reports;
    cached_tokens: |row| row.cached_tokens.unwrap_or_default(), Use::Reports;
    reasoning_tokens: |row| row.reasoning_tokens.unwrap_or_default(), Use::Reports;
    unknown_tokens: |row| i64::from(row.maybe_billed && tokens(row).is_none()), Use::Reports;
    cost_nano_usd: |row| row.cost_nano_usd.unwrap_or_default(), Use::Reports;
    unknown_cost: |row| i64::from(row.maybe_billed && row.cost_nano_usd.is_none()), Use::Reports;
    /// Counts against limits: reported tokens, else the reserved ones.
    limit_tokens: |row| against_limit(row, tokens(row), row.reserved_tokens), Use::Limits;
    limit_nano_usd: |row| against_limit(row, row.cost_nano_usd, row.reserved_nano_usd),
        Use::Limits;
}

/// A sum of rows.
struct Sum {
    name: &'static str,
    /// The contribution of a row.
    of_row: fn(&Facts) -> i64,
    used_in: Use,
    value: fn(&DailySums) -> i64,
    place: fn(&mut DailySums) -> &mut i64,
}

/// Where a sum is used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Reports,
    Limits,
}

impl DailyKey {
    pub(super) fn of(facts: &Facts) -> Self {
        Self {
            day: day(facts.started_at),
            connection: facts.connection.clone(),
            provider: facts.provider.clone(),
            model: facts.model.clone(),
            client: facts.client.clone(),
        }
    }

    /// Whether a row is summed under this key.
    pub(super) fn is_of(&self, facts: &Facts) -> bool {
        self.day == day(facts.started_at)
            && self.connection == facts.connection
            && self.model == facts.model
            && self.client == facts.client
            && self.provider == facts.provider
    }
}

impl DailySums {
    /// Adds a row.
    pub(super) fn add(&mut self, facts: &Facts) {
        if self.calls == 0 {
            self.first_id = facts.call_id;
            self.last_id = facts.call_id;
        }
        self.first_id = self.first_id.min(facts.call_id);
        self.last_id = self.last_id.max(facts.call_id);
        for sum in SUMS {
            let place = (sum.place)(self);
            *place = place.saturating_add((sum.of_row)(facts));
        }
        if let Some(millis) = answered_after(facts) {
            self.latencies.add(millis);
        }
    }

    /// Subtracts a row. The key bounds stay: they are still valid.
    fn remove(&mut self, facts: &Facts) {
        for sum in SUMS {
            let place = (sum.place)(self);
            *place = place.saturating_sub((sum.of_row)(facts)).max(0);
        }
        if let Some(millis) = answered_after(facts) {
            self.latencies.remove(millis);
        }
    }

    /// Adds other sums.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.calls == 0 {
            self.first_id = other.first_id;
            self.last_id = other.last_id;
        }
        self.first_id = self.first_id.min(other.first_id);
        self.last_id = self.last_id.max(other.last_id);
        for sum in SUMS {
            let place = (sum.place)(self);
            *place = place.saturating_add((sum.value)(other));
        }
        self.latencies.merge(&other.latencies);
    }

    /// Adds the columns of [`reported`] that begin at a given column of daily sums.
    pub(super) fn add_reported(&mut self, row: &Row<'_>, begin: usize) -> rusqlite::Result<()> {
        for (index, sum) in in_reports().enumerate() {
            let place = (sum.place)(self);
            *place = place.saturating_add(row.get_ref(begin + index)?.as_i64()?);
        }
        Ok(())
    }

    /// Adds a complete row to the sums that reports use.
    pub(super) fn report(&mut self, facts: &Facts) {
        for sum in in_reports() {
            let place = (sum.place)(self);
            *place = place.saturating_add((sum.of_row)(facts));
        }
    }

    /// Whether these are the sums of the same rows as `exact`, whose key bounds are tight.
    pub(super) fn agrees_with(&self, exact: &Self) -> bool {
        let keyed = Self {
            first_id: exact.first_id,
            last_id: exact.last_id,
            ..self.clone()
        };
        keyed == *exact && self.first_id <= exact.first_id && self.last_id >= exact.last_id
    }
}

fn is(row: &Facts, outcome: Outcome) -> bool {
    row.outcome == outcome.as_str()
}

fn is_failed(row: &Facts) -> bool {
    is(row, Outcome::Error) || is(row, Outcome::Cancelled) || is(row, Outcome::Interrupted)
}

/// All tokens of a row, if both counts are known.
fn tokens(row: &Facts) -> Option<i64> {
    let (prompt, completion) = row.prompt_tokens.zip(row.completion_tokens)?;
    Some(prompt.saturating_add(completion))
}

/// The known amount, else the reserved one of a row that may be billed.
fn against_limit(row: &Facts, known: Option<i64>, reserved: Option<i64>) -> i64 {
    let reserved = reserved.filter(|_| row.maybe_billed);
    known.or(reserved).unwrap_or_default()
}

/// The latency of a successful call.
fn answered_after(facts: &Facts) -> Option<i64> {
    facts
        .latency_ms
        .filter(|_| facts.outcome == Outcome::Ok.as_str())
}

/// The day of a time.
pub(super) fn day(millis: i64) -> i64 {
    Timestamp::from_millis(millis).day()
}

/// Adds a completed row, and returns its updated sums.
pub(super) fn add(database: &Connection, facts: &Facts) -> rusqlite::Result<(DailyKey, DailySums)> {
    let key = DailyKey::of(facts);
    let mut sums = find(database, &key)?.unwrap_or_default();
    sums.add(facts);
    store(database, &key, &sums)?;
    Ok((key, sums))
}

/// Subtracts a row before it is removed or completed differently.
pub(super) fn remove(database: &Connection, facts: &Facts) -> rusqlite::Result<()> {
    let key = DailyKey::of(facts);
    let Some(mut sums) = find(database, &key)? else {
        return Ok(());
    };
    sums.remove(facts);
    if sums.calls > 0 {
        return store(database, &key, &sums);
    }
    database
        .prepare_cached(
            "DELETE FROM daily WHERE day = ? AND connection = ? AND provider = ? AND model = ?
             AND client = ?",
        )?
        .execute(params![
            key.day,
            key.connection,
            key.provider,
            key.model,
            key.client
        ])
        .map(drop)
}

/// Replaces the sums of a key.
pub(super) fn store(
    database: &Connection,
    key: &DailyKey,
    sums: &DailySums,
) -> rusqlite::Result<()> {
    let key = [
        integer(key.day),
        text(&key.connection),
        text(&key.provider),
        text(&key.model),
        text(&key.client),
        blob(&sums.first_id),
        blob(&sums.last_id),
    ];
    let latencies = sums.latencies.encode();
    let values = SUMS.iter().map(|sum| integer((sum.value)(sums)));
    let values = key.into_iter().chain(values).chain([blob(&latencies)]);
    database
        .prepare_cached(
            "INSERT OR REPLACE INTO daily VALUES
             (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params_from_iter(values))
        .map(drop)
}

/// The sums of a key.
pub(super) fn find(database: &Connection, key: &DailyKey) -> rusqlite::Result<Option<DailySums>> {
    database
        .prepare_cached(
            "SELECT * FROM daily WHERE day = ? AND connection = ? AND provider = ? AND model = ?
             AND client = ?",
        )?
        .query_row(
            params![key.day, key.connection, key.provider, key.model, key.client],
            |row| read(row).map(|(_, sums)| sums),
        )
        .optional()
}

fn in_reports() -> impl Iterator<Item = &'static Sum> {
    SUMS.iter().filter(|sum| sum.used_in == Use::Reports)
}

/// The columns for [`DailySums::add_reported`].
pub(super) fn reported() -> String {
    let names: Vec<&str> = in_reports().map(|sum| sum.name).collect();
    names.join(", ")
}

/// The columns of complete rows for [`read_reported`].
pub(super) const REPORTED_OF_ROWS: &str = "outcome, maybe_billed, prompt_tokens,
    completion_tokens, cached_tokens, reasoning_tokens, cost_nano_usd";

/// Reads the facts for [`DailySums::report`] from a row. Reuses `facts`, as there are many rows.
pub(super) fn read_reported(
    facts: &mut Facts,
    row: &Row<'_>,
    begin: usize,
) -> rusqlite::Result<()> {
    facts.outcome.clear();
    facts.outcome.push_str(row.get_ref(begin)?.as_str()?);
    facts.maybe_billed = row.get(begin + 1)?;
    facts.prompt_tokens = row.get(begin + 2)?;
    facts.completion_tokens = row.get(begin + 3)?;
    facts.cached_tokens = row.get(begin + 4)?;
    facts.reasoning_tokens = row.get(begin + 5)?;
    facts.cost_nano_usd = row.get(begin + 6)?;
    Ok(())
}

/// Reads key and sums from a row of the table.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<(DailyKey, DailySums)> {
    let key = DailyKey {
        day: row.get(0)?,
        connection: row.get(1)?,
        provider: row.get(2)?,
        model: row.get(3)?,
        client: row.get(4)?,
    };
    let mut sums = DailySums {
        first_id: row.get(5)?,
        last_id: row.get(6)?,
        latencies: Latencies::decode(row.get_ref(LATENCIES)?.as_blob()?),
        ..DailySums::default()
    };
    for (index, sum) in SUMS.iter().enumerate() {
        *(sum.place)(&mut sums) = row.get(BEGIN_OF_SUMS + index)?;
    }
    Ok((key, sums))
}

/// The columns before the sums: the key and both ids.
const BEGIN_OF_SUMS: usize = 7;
const LATENCIES: usize = BEGIN_OF_SUMS + SUMS.len();

#[cfg(test)]
mod tests {
    use super::super::schema;
    use super::*;

    #[test]
    fn the_sums_are_the_columns_of_the_table_in_its_order() {
        let database = Connection::open_in_memory().unwrap();
        schema::create(&database).unwrap();
        let statement = database.prepare("SELECT * FROM daily").unwrap();
        let columns = statement.column_names();
        let sums: Vec<&str> = SUMS.iter().map(|sum| sum.name).collect();
        assert_eq!(columns[BEGIN_OF_SUMS..LATENCIES], sums);
        assert_eq!(columns[LATENCIES..], ["latencies"]);
    }
}
