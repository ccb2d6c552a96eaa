//! Hub rows as SQL: entries without connection, provider, model and money, with the fields of an
//! upstream server.

use rusqlite::types::{FromSql, ToSqlOutput};
use rusqlite::{Connection, Row, params, params_from_iter};
use synapse_core::call::CallId;
use synapse_core::cost::Cost;
use synapse_core::ledger::{HubClosing, HubFacts, HubOpening, Outcome};
use uuid::Uuid;

use super::completion::{Completed, reopen, seal_ended};
use super::content;
use super::sql::{bytes, integer, key, maybe, optional, saturated, text};

/// Inserts the row of a starting event.
pub(super) fn insert(
    database: &Connection,
    writer: Uuid,
    opening: &HubOpening,
) -> rusqlite::Result<()> {
    let settings = beginning(writer, opening);
    let names: Vec<&str> = settings.iter().map(|(name, _)| *name).collect();
    let sql = format!(
        "INSERT INTO entries ({}) VALUES ({})",
        names.join(", "),
        vec!["?"; names.len()].join(", ")
    );
    database
        .prepare_cached(&sql)?
        .execute(params_from_iter(
            settings.into_iter().map(|(_, value)| value),
        ))
        .map(drop)
}

/// Records in an open row that its request is about to be sent.
pub(super) fn departing(
    database: &Connection,
    call_id: CallId,
    bytes_out: u64,
) -> rusqlite::Result<Completed> {
    let changed = database
        .prepare_cached(
            "UPDATE entries SET attempts = 1, may_have_run = 1, bytes_out = ?
             WHERE call_id = ? AND outcome = 'open'",
        )?
        .execute(params![saturated(bytes_out), key(call_id).into_bytes()])?;
    Ok(match changed {
        0 => Completed::Missing,
        _ => Completed::Yes,
    })
}

/// Completes the row of an event and seals it, even if it was marked interrupted.
pub(super) fn complete(database: &Connection, closing: &HubClosing) -> rusqlite::Result<Completed> {
    let mut done = end(database, closing)?;
    if done == Completed::Missing && reopen(database, closing.call_id)? {
        done = end(database, closing)?;
    }
    Ok(done)
}

fn end(database: &Connection, closing: &HubClosing) -> rusqlite::Result<Completed> {
    let settings = ending(closing);
    let names: Vec<&str> = settings.iter().map(|(name, _)| *name).collect();
    let sql = format!(
        "UPDATE entries SET {} = ? WHERE call_id = ? AND outcome = 'open' RETURNING {}",
        names.join(" = ?, "),
        content::columns()
    );
    let values = settings
        .into_iter()
        .map(|(_, value)| value)
        .chain([bytes(key(closing.call_id))]);
    let mut statement = database.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    match rows.next()? {
        Some(row) => seal_ended(database, row, closing.ended_at).map(|()| Completed::Yes),
        None => Ok(Completed::Missing),
    }
}

/// Columns set at the start.
pub(super) fn beginning(
    writer: Uuid,
    opening: &HubOpening,
) -> Vec<(&'static str, ToSqlOutput<'_>)> {
    let HubOpening {
        call_id,
        started_at,
        kind,
        caller,
        facts,
    } = opening;
    let mut settings = vec![
        ("call_id", bytes(key(*call_id))),
        ("writer", bytes(writer)),
        ("started_at", integer(started_at.as_millis())),
        ("operation", text(kind.as_str())),
        ("outcome", text(Outcome::Open.as_str())),
        ("client_name", optional(caller.client_name.as_deref())),
        ("client_version", optional(caller.client_version.as_deref())),
        ("tool", optional(caller.tool.as_deref())),
        ("connection", text(NONE)),
        ("provider", text(NONE)),
        ("model_requested", text(NONE)),
        ("host", text(NONE)),
        ("attempts", integer(0)),
        ("maybe_billed", integer(0)),
        ("bytes_out", integer(0)),
        ("bytes_in", integer(0)),
        ("cost_source", text(Cost::default().source.as_str())),
        ("server", text(&facts.server)),
    ];
    settings.extend(known(facts));
    settings
}

/// Columns set at the end.
pub(super) fn ending(closing: &HubClosing) -> Vec<(&'static str, ToSqlOutput<'_>)> {
    let code = closing.error_code;
    let mut settings = vec![
        ("ended_at", integer(closing.ended_at.as_millis())),
        ("outcome", text(closing.outcome.as_str())),
        (
            "error_class",
            optional(code.map(|code| code.class().as_str())),
        ),
        ("error_code", optional(code.map(|code| code.as_str()))),
        ("attempts", integer(i64::from(closing.attempts.min(1)))),
        ("http_status", maybe(closing.http_status.map(i64::from))),
        ("bytes_out", integer(saturated(closing.bytes_out))),
        ("bytes_in", integer(saturated(closing.bytes_in))),
        ("latency_ms", maybe(closing.latency_ms.map(saturated))),
    ];
    settings.extend(known(&closing.facts));
    settings
}

/// Columns set before sending.
pub(super) fn departure(bytes_out: u64) -> Vec<(&'static str, ToSqlOutput<'static>)> {
    vec![
        ("attempts", integer(1)),
        ("may_have_run", integer(1)),
        ("bytes_out", integer(saturated(bytes_out))),
    ]
}

fn known(facts: &HubFacts) -> [(&'static str, ToSqlOutput<'_>); 9] {
    [
        ("transport", optional(facts.transport.as_deref())),
        ("era", optional(facts.era.as_deref())),
        ("catalogue", optional(facts.catalogue.as_deref())),
        ("issuer", optional(facts.issuer.as_deref())),
        ("client_kind", optional(facts.client_kind.as_deref())),
        ("scopes", optional(facts.scopes.as_deref())),
        ("generation", maybe(facts.generation.map(saturated))),
        ("requests", maybe(facts.requests.map(saturated))),
        ("may_have_run", integer(i64::from(facts.may_have_run))),
    ]
}

/// Reads the hub's fields of a row, from column `begin` on; `None` for a call of a connection.
pub(super) fn facts(row: &Row<'_>, begin: usize) -> rusqlite::Result<Option<Box<HubFacts>>> {
    let Some(server) = cell(row, begin)? else {
        return Ok(None);
    };
    let count = |index: usize| -> rusqlite::Result<Option<u64>> {
        let value: Option<i64> = cell(row, begin + index)?;
        Ok(value.and_then(|value| u64::try_from(value).ok()))
    };
    Ok(Some(Box::new(HubFacts {
        server,
        transport: cell(row, begin + 1)?,
        era: cell(row, begin + 2)?,
        catalogue: cell(row, begin + 3)?,
        issuer: cell(row, begin + 4)?,
        client_kind: cell(row, begin + 5)?,
        scopes: cell(row, begin + 6)?,
        generation: count(7)?,
        requests: count(8)?,
        may_have_run: cell(row, begin + 9)?.unwrap_or_default(),
    })))
}

fn cell<T: FromSql>(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<T>> {
    row.get(index)
}

/// For connection columns, which are NOT NULL.
const NONE: &str = "";
