//! Amounts of removed rows that still count against limits, so that neither purges nor damage
//! restore a budget.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::columns::Facts;
use super::daily::{self, DailyKey, DailySums};

/// The amounts of one connection and day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Carried {
    pub(super) connection: String,
    pub(super) day: i64,
    pub(super) limit_tokens: i64,
    pub(super) limit_nano_usd: i64,
}

/// Sums by connection and day during removal.
#[derive(Debug, Default)]
pub(super) struct Removed(BTreeMap<(String, i64), (i64, i64)>);

impl Removed {
    /// Adds a removed row.
    pub(super) fn add(&mut self, facts: &Facts) {
        let mut sums = DailySums::default();
        sums.add(facts);
        let DailyKey {
            connection, day, ..
        } = DailyKey::of(facts);
        self.add_sums(connection, day, sums.limit_tokens, sums.limit_nano_usd);
    }

    /// Adds amounts known only as sums.
    pub(super) fn add_sums(&mut self, connection: String, day: i64, tokens: i64, nano_usd: i64) {
        let sums = self.0.entry((connection, day)).or_default();
        sums.0 = sums.0.saturating_add(tokens);
        sums.1 = sums.1.saturating_add(nano_usd);
    }

    /// Replaces negative amounts with zero.
    pub(super) fn without_negatives(mut self) -> Self {
        for (tokens, nano_usd) in self.0.values_mut() {
            *tokens = (*tokens).max(0);
            *nano_usd = (*nano_usd).max(0);
        }
        self
    }

    /// In sealing order; zero amounts are omitted.
    pub(super) fn into_carried(self) -> Vec<Carried> {
        self.0
            .into_iter()
            .filter(|(_, (tokens, nano_usd))| *tokens > 0 || *nano_usd > 0)
            .map(
                |((connection, day), (limit_tokens, limit_nano_usd))| Carried {
                    connection,
                    day,
                    limit_tokens: limit_tokens.max(0),
                    limit_nano_usd: limit_nano_usd.max(0),
                },
            )
            .collect()
    }
}

/// Stores them under the purge or repair at `sequence`.
pub(super) fn store(
    database: &Connection,
    sequence: i64,
    carried: &[Carried],
) -> rusqlite::Result<()> {
    let mut statement = database.prepare_cached(
        "INSERT INTO carried (connection, day, sequence, limit_tokens, limit_nano_usd)
         VALUES (?, ?, ?, ?, ?)",
    )?;
    for each in carried {
        statement.execute(params![
            each.connection,
            each.day,
            sequence,
            each.limit_tokens,
            each.limit_nano_usd
        ])?;
    }
    Ok(())
}

/// The amounts carried by the purge or repair at `sequence`, in sealing order.
pub(super) fn by(database: &Connection, sequence: i64) -> rusqlite::Result<Vec<Carried>> {
    database
        .prepare_cached(
            "SELECT connection, day, limit_tokens, limit_nano_usd FROM carried
             WHERE sequence = ? ORDER BY connection, day",
        )?
        .query_map([sequence], |row| {
            Ok(Carried {
                connection: row.get(0)?,
                day: row.get(1)?,
                limit_tokens: row.get(2)?,
                limit_nano_usd: row.get(3)?,
            })
        })?
        .collect()
}

/// The excess of the daily sums `kept` over `exact`: the share of lost rows. By connection and day,
/// because a changed row may count under another model.
pub(super) fn beyond(
    kept: &BTreeMap<DailyKey, DailySums>,
    exact: &BTreeMap<DailyKey, DailySums>,
) -> Removed {
    let mut removed = Removed::default();
    for (key, sums) in kept {
        let (tokens, nano_usd) = (sums.limit_tokens, sums.limit_nano_usd);
        removed.add_sums(key.connection.clone(), key.day, tokens, nano_usd);
    }
    for (key, sums) in exact {
        let (tokens, nano_usd) = (sums.limit_tokens, sums.limit_nano_usd);
        removed.add_sums(
            key.connection.clone(),
            key.day,
            tokens.saturating_neg(),
            nano_usd.saturating_neg(),
        );
    }
    removed
}

/// The stored daily sums, as far as readable.
pub(super) fn kept_sums(database: &Connection) -> (BTreeMap<DailyKey, DailySums>, bool) {
    let mut kept = BTreeMap::new();
    let read = || -> rusqlite::Result<Vec<(DailyKey, DailySums)>> {
        let mut statement = database.prepare("SELECT * FROM daily")?;
        statement.query_map([], daily::read)?.collect()
    };
    let whole = match read() {
        Ok(all) => {
            kept.extend(all);
            true
        }
        Err(_) => false,
    };
    (kept, whole)
}
