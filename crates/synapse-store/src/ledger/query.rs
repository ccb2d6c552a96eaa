//! Questions to the ledger: pages of rows and sums.

use rusqlite::{Connection, OptionalExtension as _, Row, ToSql};
use synapse_core::Failure;
use synapse_core::call::CallId;
use synapse_core::ledger::{
    Column, Entry, HistoryQuery, Test, UsageKey, UsageLine, UsageQuery, UsageReport,
};

use super::database;
use super::rows::{entry as entry_of, entry_columns, key};
use super::sweep::{Unswept, sweep};
use crate::failure::sqlite;
use crate::home::Home;

/// The rows of one page, newest first.
pub(super) fn history(home: &Home, query: &HistoryQuery) -> Result<Vec<Entry>, Failure> {
    ask(home, |database, unswept| {
        let before = query.after.map(|call_id| key(call_id).into_bytes());
        let mut conditions = vec!["TRUE".to_owned()];
        let mut values: Vec<&dyn ToSql> = Vec::new();
        for filter in &query.filters {
            if let (Column::Connection, Test::Is(connection)) = (filter.column, &filter.test) {
                conditions.push("connection = ?".to_owned());
                values.push(connection);
            }
        }
        if let Some(before) = &before {
            conditions.push("call_id < ?".to_owned());
            values.push(before);
        }
        if let Some(outcome) = query.outcome {
            conditions.push(unswept.filter(outcome));
        }
        values.push(&query.limit);
        let mut statement = database.prepare(&format!(
            "SELECT {} FROM calls WHERE {} ORDER BY call_id DESC LIMIT ?",
            entry_columns(&unswept.outcome()),
            conditions.join(" AND ")
        ))?;
        statement.query_map(values.as_slice(), entry_of)?.collect()
    })
}

/// One row.
pub(super) fn entry(home: &Home, call_id: CallId) -> Result<Option<Entry>, Failure> {
    ask(home, |database, unswept| {
        let sql = format!(
            "SELECT {} FROM calls WHERE call_id = ?",
            entry_columns(&unswept.outcome())
        );
        database
            .query_row(&sql, [key(call_id).into_bytes()], entry_of)
            .optional()
    })
}

/// Sums, one line per key, in the order of the keys.
pub(super) fn usage(home: &Home, query: &UsageQuery) -> Result<Vec<UsageLine>, Failure> {
    ask(home, |database, unswept| {
        let since = query.since.map_or(i64::MIN, |since| since.as_millis());
        let interrupted = unswept.condition();
        let billed = format!("(maybe_billed = 1 OR {interrupted})");
        let mut statement = database.prepare(&format!(
            "SELECT {key} AS key,
                count(*) AS calls,
                sum(outcome = 'ok') AS ok,
                sum(outcome IN ('error', 'cancelled', 'interrupted') OR {interrupted}) AS failed,
                sum(outcome = 'refused') AS refused,
                coalesce(sum(prompt_tokens), 0) AS prompt_tokens,
                coalesce(sum(completion_tokens), 0) AS completion_tokens,
                sum({billed} AND (prompt_tokens IS NULL OR completion_tokens IS NULL))
                    AS unknown_tokens,
                coalesce(sum(cost_nano_usd), 0) AS cost_nano_usd,
                sum({billed} AND cost_nano_usd IS NULL) AS unknown_cost
             FROM calls WHERE started_at >= ? GROUP BY 1 ORDER BY 1",
            key = expression(query.by),
        ))?;
        statement.query_map([since], line)?.collect()
    })
}

/// The lines with their total.
pub(super) fn report(lines: Vec<UsageLine>) -> UsageReport {
    let mut total = UsageLine {
        key: "total".to_owned(),
        ..UsageLine::default()
    };
    for line in &lines {
        total.calls += line.calls;
        total.ok += line.ok;
        total.failed += line.failed;
        total.refused += line.refused;
        total.prompt_tokens += line.prompt_tokens;
        total.completion_tokens += line.completion_tokens;
        total.unknown_tokens += line.unknown_tokens;
        total.cost_nano_usd += line.cost_nano_usd;
        total.unknown_cost += line.unknown_cost;
    }
    UsageReport { lines, total }
}

/// Sweeps, then asks; an absent ledger has the empty answer.
fn ask<T: Default>(
    home: &Home,
    question: impl FnOnce(&Connection, &Unswept) -> rusqlite::Result<T>,
) -> Result<T, Failure> {
    let Some(database) = database::open_to_read(home)? else {
        return Ok(T::default());
    };
    let answer = sweep(&database, home).and_then(|unswept| question(&database, &unswept));
    answer.map_err(|error| {
        database::abandon(database);
        sqlite(&home.ledger(), &error)
    })
}

fn expression(by: UsageKey) -> &'static str {
    match by {
        UsageKey::Model => "coalesce(model_served, model_requested)",
        UsageKey::Provider => "provider",
        UsageKey::Day => "strftime('%Y-%m-%d', started_at / 1000, 'unixepoch')",
        _ => "connection",
    }
}

fn line(row: &Row<'_>) -> rusqlite::Result<UsageLine> {
    let sum = |column: &str| -> rusqlite::Result<u64> {
        let value: i64 = row.get(column)?;
        Ok(u64::try_from(value).unwrap_or_default())
    };
    Ok(UsageLine {
        key: row.get("key")?,
        calls: sum("calls")?,
        ok: sum("ok")?,
        failed: sum("failed")?,
        refused: sum("refused")?,
        prompt_tokens: sum("prompt_tokens")?,
        completion_tokens: sum("completion_tokens")?,
        unknown_tokens: sum("unknown_tokens")?,
        cost_nano_usd: sum("cost_nano_usd")?,
        unknown_cost: sum("unknown_cost")?,
        ..UsageLine::default()
    })
}
