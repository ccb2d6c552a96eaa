//! Daily sums of complete rows by connection, provider, model and client, maintained in the
//! transaction that completes a row. Reports over whole days read only these.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use synapse_core::ledger::Outcome;
use synapse_core::time::Timestamp;

use super::columns::Facts;
use super::latency::Latencies;

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

/// Sums. Saturate instead of overflowing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct DailySums {
    /// The smallest row key included.
    pub(super) first_id: [u8; 16],
    /// The largest row key included.
    pub(super) last_id: [u8; 16],
    pub(super) calls: i64,
    pub(super) ok: i64,
    pub(super) failed: i64,
    pub(super) refused: i64,
    pub(super) prompt_tokens: i64,
    pub(super) completion_tokens: i64,
    pub(super) cached_tokens: i64,
    pub(super) reasoning_tokens: i64,
    pub(super) unknown_tokens: i64,
    pub(super) cost_nano_usd: i64,
    pub(super) unknown_cost: i64,
    /// Counts against limits: reported tokens, else the reserved ones.
    pub(super) limit_tokens: i64,
    pub(super) limit_nano_usd: i64,
    /// Latencies of successful calls.
    pub(super) latencies: Latencies,
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
        for (sum, value) in self.sums_mut().into_iter().zip(values(facts)) {
            *sum = sum.saturating_add(value);
        }
        if let Some(millis) = answered_after(facts) {
            self.latencies.add(millis);
        }
    }

    /// Subtracts a row. The key bounds stay: they are still valid.
    fn remove(&mut self, facts: &Facts) {
        for (sum, value) in self.sums_mut().into_iter().zip(values(facts)) {
            *sum = sum.saturating_sub(value).max(0);
        }
        if let Some(millis) = answered_after(facts) {
            self.latencies.remove(millis);
        }
    }

    /// Adds other sums.
    pub(super) fn merge(&mut self, mut other: Self) {
        if self.calls == 0 {
            self.first_id = other.first_id;
            self.last_id = other.last_id;
        }
        self.first_id = self.first_id.min(other.first_id);
        self.last_id = self.last_id.max(other.last_id);
        for (sum, value) in self.sums_mut().into_iter().zip(other.sums_mut()) {
            *sum = sum.saturating_add(*value);
        }
        self.latencies.merge(&other.latencies);
    }

    /// Adds the columns of [`totals`] or [`totals_of_rows`] that begin at a given column of a row.
    /// They lack the latencies and the amounts that count against limits.
    pub(super) fn merge_totals(&mut self, row: &Row<'_>, begin: usize) -> rusqlite::Result<()> {
        let counts = [
            &mut self.calls,
            &mut self.ok,
            &mut self.failed,
            &mut self.refused,
            &mut self.unknown_tokens,
            &mut self.unknown_cost,
        ];
        let wide = begin + counts.len();
        for (index, sum) in counts.into_iter().enumerate() {
            *sum = sum.saturating_add(row.get(begin + index)?);
        }
        let sums = [
            &mut self.prompt_tokens,
            &mut self.completion_tokens,
            &mut self.cached_tokens,
            &mut self.reasoning_tokens,
            &mut self.cost_nano_usd,
        ];
        for (index, sum) in sums.into_iter().enumerate() {
            // NULL if no row of the group has a number.
            let half = |at: usize| row.get::<_, Option<i64>>(wide + 2 * index + at);
            let (high, low) = (half(0)?.unwrap_or_default(), half(1)?.unwrap_or_default());
            let total = (i128::from(high) << 31) + i128::from(low);
            *sum = sum.saturating_add(i64::try_from(total).unwrap_or(i64::MAX));
        }
        Ok(())
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

    fn sums_mut(&mut self) -> [&mut i64; 13] {
        [
            &mut self.calls,
            &mut self.ok,
            &mut self.failed,
            &mut self.refused,
            &mut self.prompt_tokens,
            &mut self.completion_tokens,
            &mut self.cached_tokens,
            &mut self.reasoning_tokens,
            &mut self.unknown_tokens,
            &mut self.cost_nano_usd,
            &mut self.unknown_cost,
            &mut self.limit_tokens,
            &mut self.limit_nano_usd,
        ]
    }
}

/// A row's contribution to each of [`DailySums::sums_mut`].
fn values(facts: &Facts) -> [i64; 13] {
    let is = |outcome: Outcome| facts.outcome == outcome.as_str();
    let failed = is(Outcome::Error) || is(Outcome::Cancelled) || is(Outcome::Interrupted);
    let tokens = facts
        .prompt_tokens
        .zip(facts.completion_tokens)
        .map(|(prompt, completion)| prompt.saturating_add(completion));
    let set_aside = |reserved: Option<i64>| reserved.filter(|_| facts.maybe_billed);
    let cost = facts.cost_nano_usd;
    [
        1,
        i64::from(is(Outcome::Ok)),
        i64::from(failed),
        i64::from(is(Outcome::Refused)),
        facts.prompt_tokens.unwrap_or_default(),
        facts.completion_tokens.unwrap_or_default(),
        facts.cached_tokens.unwrap_or_default(),
        facts.reasoning_tokens.unwrap_or_default(),
        i64::from(facts.maybe_billed && tokens.is_none()),
        cost.unwrap_or_default(),
        i64::from(facts.maybe_billed && cost.is_none()),
        tokens
            .or_else(|| set_aside(facts.reserved_tokens))
            .unwrap_or_default(),
        cost.or_else(|| set_aside(facts.reserved_nano_usd))
            .unwrap_or_default(),
    ]
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
    database
        .prepare_cached(
            "INSERT OR REPLACE INTO daily VALUES
             (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            key.day,
            key.connection,
            key.provider,
            key.model,
            key.client,
            sums.first_id,
            sums.last_id,
            sums.calls,
            sums.ok,
            sums.failed,
            sums.refused,
            sums.prompt_tokens,
            sums.completion_tokens,
            sums.cached_tokens,
            sums.reasoning_tokens,
            sums.unknown_tokens,
            sums.cost_nano_usd,
            sums.unknown_cost,
            sums.limit_tokens,
            sums.limit_nano_usd,
            sums.latencies.encode(),
        ])
        .map(drop)
}

fn find(database: &Connection, key: &DailyKey) -> rusqlite::Result<Option<DailySums>> {
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

/// The totals over a group of daily sums, for [`DailySums::merge_totals`].
pub(super) fn totals() -> String {
    let counts = "sum(calls), sum(ok), sum(failed), sum(refused), sum(unknown_tokens),
        sum(unknown_cost)";
    format!("{counts}, {}", wide_totals())
}

/// The same over a group of complete rows: what [`values`] says, in SQL.
pub(super) fn totals_of_rows() -> String {
    let counts = "count(*), sum(outcome = 'ok'),
        sum(outcome = 'error' OR outcome = 'cancelled' OR outcome = 'interrupted'),
        sum(outcome = 'refused'),
        sum(maybe_billed AND (prompt_tokens IS NULL OR completion_tokens IS NULL)),
        sum(maybe_billed AND cost_nano_usd IS NULL)";
    format!("{counts}, {}", wide_totals())
}

/// The sums of columns that both tables have. A sum that overflows is an error in SQL, and two
/// numbers of a provider can do that; so each column is summed in two halves.
fn wide_totals() -> String {
    let halves = WIDE.map(|column| format!("sum({column} >> 31), sum({column} & 2147483647)"));
    halves.join(", ")
}

const WIDE: [&str; 5] = [
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "cost_nano_usd",
];

/// Reads key and sums from a row of the table.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<(DailyKey, DailySums)> {
    let key = DailyKey {
        day: row.get(0)?,
        connection: row.get(1)?,
        provider: row.get(2)?,
        model: row.get(3)?,
        client: row.get(4)?,
    };
    let sums = DailySums {
        first_id: row.get(5)?,
        last_id: row.get(6)?,
        calls: row.get(7)?,
        ok: row.get(8)?,
        failed: row.get(9)?,
        refused: row.get(10)?,
        prompt_tokens: row.get(11)?,
        completion_tokens: row.get(12)?,
        cached_tokens: row.get(13)?,
        reasoning_tokens: row.get(14)?,
        unknown_tokens: row.get(15)?,
        cost_nano_usd: row.get(16)?,
        unknown_cost: row.get(17)?,
        limit_tokens: row.get(18)?,
        limit_nano_usd: row.get(19)?,
        latencies: Latencies::decode(row.get_ref(20)?.as_blob()?),
    };
    Ok((key, sums))
}
