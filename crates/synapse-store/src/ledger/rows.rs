//! Conversion of ledger rows between SQL and domain values.

use std::cell::RefCell;

use rusqlite::types::{FromSql, ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row, params, params_from_iter};
use synapse_core::Receipt;
use synapse_core::call::{CallId, Caller};
use synapse_core::chat::Usage;
use synapse_core::cost::{Cost, CostSource};
use synapse_core::ledger::{Closing, Entry, HubOpening, Opening, Outcome};
use synapse_core::receipt::Exchange;
use synapse_core::time::Timestamp;
use uuid::Uuid;

use super::chain::{self, Gap, Head, Seal};
use super::content::{self, Facts};
use super::recent::Recent;
use super::sweep::OrphanRows;
use super::work::Work;
use super::{daily, days, hub, texts};

/// The result of completing a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Completed {
    /// It is complete.
    Yes,
    /// The row does not exist or was already complete.
    Missing,
}

/// Writes rows for one process.
#[derive(Debug)]
pub(super) struct RowWriter {
    writer: Uuid,
    insert: String,
    look: String,
    complete: String,
    /// Index in [`content::CONTENT`] of each value of [`ending`].
    places: Vec<usize>,
    recent: RefCell<Recent>,
}

impl RowWriter {
    /// For the process with the id `writer`.
    pub(super) fn new(writer: Uuid) -> Self {
        let begin: Vec<&str> = [&BEGIN[..], &IDENTITY, &OUTCOME_COLUMNS].concat();
        let end: Vec<&str> = [&END[..], &OUTCOME_COLUMNS].concat();
        Self {
            writer,
            insert: format!(
                "INSERT INTO entries ({}) VALUES ({})",
                begin.join(", "),
                vec!["?"; begin.len()].join(", ")
            ),
            look: format!(
                "SELECT {} FROM entries WHERE call_id = ? AND outcome = 'open'",
                content::columns()
            ),
            complete: format!(
                "UPDATE entries SET {} = ?, sequence = ?, seal = ? WHERE call_id = ?",
                end.join(" = ?, ")
            ),
            places: end.iter().filter_map(|name| content::place(name)).collect(),
            recent: RefCell::default(),
        }
    }

    /// Inserts the row of a starting call.
    pub(super) fn insert(&self, database: &Connection, opening: &Opening) -> rusqlite::Result<()> {
        database
            .prepare_cached(&self.insert)?
            .execute(params_from_iter(self.beginning(opening)))?;
        match &opening.prompt {
            Some(prompt) => texts::add(
                database,
                opening.receipt.call_id,
                opening.started_at,
                prompt,
            ),
            None => Ok(()),
        }
    }

    /// The values at the start, in column order.
    fn beginning<'a>(&self, opening: &'a Opening) -> impl Iterator<Item = ToSqlOutput<'a>> {
        let Opening {
            started_at,
            operation,
            caller,
            receipt,
            prompt: _,
        } = opening;
        let begin: [ToSqlOutput<'_>; BEGIN.len()] = [
            bytes(key(receipt.call_id)),
            bytes(self.writer),
            integer(started_at.as_millis()),
            text(operation.as_str()),
            text(Outcome::Open.as_str()),
            optional(caller.client_name.as_deref()),
            optional(caller.client_version.as_deref()),
            optional(caller.tool.as_deref()),
        ];
        begin
            .into_iter()
            .chain(identity(receipt))
            .chain(deeds(receipt))
    }

    /// The columns set by `work`.
    pub(super) fn settings<'a>(&self, work: &'a Work) -> Vec<(&'static str, ToSqlOutput<'a>)> {
        match work {
            Work::Open(opening) => {
                let names = BEGIN.into_iter().chain(IDENTITY).chain(OUTCOME_COLUMNS);
                names.zip(self.beginning(opening)).collect()
            }
            Work::Sending(_, bytes_out) => vec![
                ("attempts", integer(1)),
                ("maybe_billed", integer(1)),
                ("bytes_out", integer(saturated(*bytes_out))),
            ],
            Work::Close(closing) => {
                let names = END.into_iter().chain(OUTCOME_COLUMNS);
                names.zip(ending(closing)).collect()
            }
            Work::Begin(opening) => hub::beginning(self.writer, opening),
            Work::Departing(_, bytes_out) => hub::departure(*bytes_out),
            Work::End(closing) => hub::ending(closing),
        }
    }

    /// Inserts the row of a starting hub event.
    pub(super) fn begin(
        &self,
        database: &Connection,
        opening: &HubOpening,
    ) -> rusqlite::Result<()> {
        hub::insert(database, self.writer, opening)
    }

    /// Records in an open row that its request is about to be sent.
    pub(super) fn sending(
        &self,
        database: &Connection,
        call_id: CallId,
        bytes_out: u64,
    ) -> rusqlite::Result<Completed> {
        let changed = database
            .prepare_cached(
                "UPDATE entries SET attempts = 1, maybe_billed = 1, bytes_out = ?
                 WHERE call_id = ? AND outcome = 'open'",
            )?
            .execute(params![saturated(bytes_out), key(call_id).into_bytes()])?;
        Ok(match changed {
            0 => Completed::Missing,
            _ => Completed::Yes,
        })
    }

    /// Completes the row of a call, seals it and adds it to the daily sums.
    ///
    /// Even if it was marked interrupted: the caller knows better.
    pub(super) fn complete(
        &self,
        database: &Connection,
        closing: &Closing,
    ) -> rusqlite::Result<Completed> {
        let call_id = closing.receipt.call_id;
        let mut done = self.end(database, closing)?;
        if done == Completed::Missing && reopen(database, call_id)? {
            // Its sums were subtracted without a seal, so the cache is invalid.
            drop(self.recent.take());
            done = self.end(database, closing)?;
        }
        if let (Completed::Yes, Some(reply)) = (&done, &closing.reply) {
            texts::answer(database, call_id, reply)?;
        }
        Ok(done)
    }

    /// In a single UPDATE: the final content is known, and sealed in advance.
    fn end(&self, database: &Connection, closing: &Closing) -> rusqlite::Result<Completed> {
        let call_id = key(closing.receipt.call_id);
        let ending: Vec<ToSqlOutput<'_>> = ending(closing).collect();
        let (head, gaps) = Head::load_next(database)?;
        let Some((facts, sealed)) = self.foresee(database, call_id, &ending, head, &gaps)? else {
            return Ok(Completed::Missing);
        };
        let place = [
            integer(sealed.sequence),
            ToSqlOutput::Borrowed(ValueRef::Blob(&sealed.seal)),
            bytes(call_id),
        ];
        database
            .prepare_cached(&self.complete)?
            .execute(params_from_iter(ending.into_iter().chain(place)))?;
        sealed.store(database)?;
        // From here on a failure rolls back and leaves the cache empty.
        let mut recent = self.recent.take().at_head(head);
        recent.add(database, &facts)?;
        recent.note(database, sealed.sequence, closing.ended_at.day())?;
        self.recent.replace(recent.up_to(sealed));
        Ok(Completed::Yes)
    }

    /// The content of the open row after `ending`, and its seal; `None` if there is no such row.
    fn foresee(
        &self,
        database: &Connection,
        call_id: Uuid,
        ending: &[ToSqlOutput<'_>],
        head: Head,
        gaps: &[Gap],
    ) -> rusqlite::Result<Option<(Facts, Head)>> {
        let mut statement = database.prepare_cached(&self.look)?;
        let mut rows = statement.query([call_id.as_bytes()])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let mut values = [ValueRef::Null; content::CONTENT.len()];
        for (index, value) in values.iter_mut().enumerate() {
            *value = row.get_ref(index)?;
        }
        for (place, end) in self.places.iter().zip(ending) {
            if let Some(value) = values.get_mut(*place) {
                *value = match end {
                    ToSqlOutput::Owned(owned) => ValueRef::from(owned),
                    ToSqlOutput::Borrowed(borrowed) => *borrowed,
                    _ => ValueRef::Null,
                };
            }
        }
        Ok(Some((
            Facts::of_values(&values)?,
            head.after_values(&values, gaps),
        )))
    }
}

/// Seals a row that just ended, and records its day.
pub(super) fn seal_ended(
    database: &Connection,
    row: &Row<'_>,
    ended_at: Timestamp,
) -> rusqlite::Result<()> {
    let sequence = seal(database, row)?;
    days::note(database, sequence, ended_at.day())
}

/// The values at the end, in column order.
fn ending(closing: &Closing) -> impl Iterator<Item = ToSqlOutput<'_>> {
    let Closing {
        ended_at,
        outcome,
        error_code,
        receipt,
        reply: _,
    } = closing;
    let end: [ToSqlOutput<'_>; END.len()] = [
        integer(ended_at.as_millis()),
        text(outcome.as_str()),
        optional(error_code.map(|code| code.class().as_str())),
        optional(error_code.map(|code| code.as_str())),
    ];
    end.into_iter().chain(deeds(receipt))
}

/// Seals a completed row and adds it to the daily sums. The row begins with [`content::columns`].
/// Returns its place.
pub(super) fn seal(database: &Connection, row: &Row<'_>) -> rusqlite::Result<i64> {
    let facts = Facts::of(row)?;
    let (head, gaps) = Head::load_next(database)?;
    let head = head.after_row(row, &gaps)?;
    database
        .prepare_cached("UPDATE entries SET sequence = ?, seal = ? WHERE call_id = ?")?
        .execute(params![head.sequence, head.seal, facts.call_id])?;
    drop(daily::add(database, &facts)?);
    head.store(database)?;
    Ok(head.sequence)
}

/// Reopens a row that was marked interrupted. Its place in the chain becomes a gap explained by the
/// next seal, which will be its own.
pub(super) fn reopen(database: &Connection, call_id: CallId) -> rusqlite::Result<bool> {
    let id = key(call_id).into_bytes();
    let sql = format!(
        "SELECT {}, sequence, seal FROM entries WHERE call_id = ? AND outcome = 'interrupted'",
        content::columns()
    );
    let found = database
        .query_row(&sql, [id], |row| {
            let place: Option<i64> = row.get("sequence")?;
            let seal: Option<Seal> = row.get("seal")?;
            Ok((Facts::of(row)?, place.zip(seal)))
        })
        .optional()?;
    let Some((facts, sealed)) = found else {
        return Ok(false);
    };
    if let Some((sequence, seal)) = sealed {
        let by = Head::load(database)?.sequence + 1;
        database.execute("UPDATE gaps SET by = ? WHERE by = ?", params![by, sequence])?;
        chain::add_gap(
            database,
            &Gap {
                first: sequence,
                last: sequence,
                seal,
                by,
            },
        )?;
    }
    daily::remove(database, &facts)?;
    database.execute(
        "UPDATE entries SET outcome = 'open', sequence = NULL, seal = NULL WHERE call_id = ?",
        [id],
    )?;
    Ok(true)
}

/// The columns read by [`entry`], in order.
pub(super) fn entry_columns(unswept: &OrphanRows) -> String {
    format!(
        "call_id, started_at, ended_at, operation, {}, error_class, error_code, client_name, \
         client_version, tool, {}, {}, {}",
        unswept.outcome(),
        IDENTITY.join(", "),
        OUTCOME_COLUMNS.join(", "),
        content::hub_columns()
    )
}

/// Reads columns in sequence. By index, because looking up names dominates the cost of a page.
struct Cells<'a> {
    row: &'a Row<'a>,
    next: usize,
}

impl Cells<'_> {
    fn take<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let cell = self.row.get(self.next)?;
        self.next += 1;
        Ok(cell)
    }

    fn count(&mut self) -> rusqlite::Result<Option<u64>> {
        let value: Option<i64> = self.take()?;
        Ok(value.and_then(|value| u64::try_from(value).ok()))
    }

    fn time(&mut self) -> rusqlite::Result<Option<Timestamp>> {
        let millis: Option<i64> = self.take()?;
        Ok(millis.map(Timestamp::from_millis))
    }
}

/// Reads the entry from a row of [`entry_columns`].
pub(super) fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let mut cells = Cells { row, next: 0 };
    let call_id = CallId::new(Uuid::from_bytes(cells.take()?));
    let started_at = Timestamp::from_millis(cells.take()?);
    let ended_at = cells.time()?;
    let operation = cells.take()?;
    let outcome: String = cells.take()?;
    // The table allows no other value.
    let outcome = Outcome::parse(&outcome).unwrap_or(Outcome::Interrupted);
    Ok(Entry {
        started_at,
        ended_at,
        operation,
        outcome,
        error_class: cells.take()?,
        error_code: cells.take()?,
        caller: Caller {
            client_name: cells.take()?,
            client_version: cells.take()?,
            tool: cells.take()?,
            span: None,
        },
        receipt: receipt(call_id, &mut cells)?,
        hub: hub::facts(row, cells.next)?,
    })
}

/// The key of a call's row.
pub(super) fn key(call_id: CallId) -> Uuid {
    call_id.as_uuid()
}

/// Written only at the start, besides the receipt.
const BEGIN: [&str; 8] = [
    "call_id",
    "writer",
    "started_at",
    "operation",
    "outcome",
    "client_name",
    "client_version",
    "tool",
];

/// Written at the end, besides the receipt.
const END: [&str; 4] = ["ended_at", "outcome", "error_class", "error_code"];

/// Receipt fields fixed at the start; not rewritten at the end, which avoids updating the
/// connection index.
const IDENTITY: [&str; 3] = ["connection", "provider", "model_requested"];

fn identity(receipt: &Receipt) -> [ToSqlOutput<'_>; IDENTITY.len()] {
    [
        text(&receipt.connection),
        text(&receipt.provider),
        text(&receipt.model_requested),
    ]
}

/// Receipt fields set by the call.
const OUTCOME_COLUMNS: [&str; 20] = [
    "host",
    "model_served",
    "served_by",
    "attempts",
    "maybe_billed",
    "http_status",
    "request_id",
    "bytes_out",
    "bytes_in",
    "headers_ms",
    "latency_ms",
    "finish_reason",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_nano_usd",
    "cost_source",
    "priced_at",
];

fn deeds(receipt: &Receipt) -> [ToSqlOutput<'_>; OUTCOME_COLUMNS.len()] {
    let exchange = &receipt.exchange;
    let usage = &receipt.usage;
    let cost = credible_cost(receipt.cost);
    [
        text(&exchange.host),
        optional(receipt.model_served.as_deref()),
        optional(exchange.served_by.as_deref()),
        integer(i64::from(exchange.attempts)),
        integer(i64::from(exchange.maybe_billed)),
        maybe(exchange.http_status.map(i64::from)),
        optional(exchange.request_id.as_deref()),
        integer(saturated(exchange.bytes_out)),
        integer(saturated(exchange.bytes_in)),
        maybe(exchange.headers_ms.map(saturated)),
        maybe(receipt.latency_ms.map(saturated)),
        optional(receipt.finish_reason.as_deref()),
        maybe(usage.prompt_tokens.and_then(credible)),
        maybe(usage.completion_tokens.and_then(credible)),
        maybe(usage.cached_tokens.and_then(credible)),
        maybe(usage.cache_write_tokens.and_then(credible)),
        maybe(usage.reasoning_tokens.and_then(credible)),
        maybe(cost.amount_nano_usd.map(saturated)),
        text(cost.source.as_str()),
        maybe(cost.priced_at.map(Timestamp::as_millis)),
    ]
}

/// Reads [`IDENTITY`] and [`OUTCOME_COLUMNS`] in order: struct fields are evaluated as written.
fn receipt(call_id: CallId, cells: &mut Cells<'_>) -> rusqlite::Result<Receipt> {
    let (connection, provider, model_requested) = (cells.take()?, cells.take()?, cells.take()?);
    let host = cells.take()?;
    let model_served = cells.take()?;
    let served_by = cells.take()?;
    let exchange = Exchange {
        host,
        served_by,
        attempts: cells.take()?,
        maybe_billed: cells.take()?,
        stated: None,
        http_status: cells.take()?,
        request_id: cells.take()?,
        bytes_out: cells.count()?.unwrap_or_default(),
        bytes_in: cells.count()?.unwrap_or_default(),
        headers_ms: cells.count()?,
    };
    Ok(Receipt {
        call_id,
        connection,
        provider,
        model_requested,
        model_served,
        exchange,
        latency_ms: cells.count()?,
        finish_reason: cells.take()?,
        usage: Usage {
            prompt_tokens: cells.count()?,
            completion_tokens: cells.count()?,
            cached_tokens: cells.count()?,
            cache_write_tokens: cells.count()?,
            reasoning_tokens: cells.count()?,
        },
        cost: Cost {
            amount_nano_usd: cells.count()?,
            source: CostSource::parse(&cells.take::<String>()?).unwrap_or_default(),
            priced_at: cells.time()?,
        },
    })
}

pub(super) fn text(text: &str) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes()))
}

pub(super) fn optional(value: Option<&str>) -> ToSqlOutput<'_> {
    value.map_or(NULL, text)
}

pub(super) fn integer(value: i64) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(Value::Integer(value))
}

pub(super) fn maybe(value: Option<i64>) -> ToSqlOutput<'static> {
    value.map_or(NULL, integer)
}

pub(super) fn bytes(id: Uuid) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(Value::Blob(id.into_bytes().to_vec()))
}

pub(super) fn saturated(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A reported count, unless absurd: it would be meaningless and overflow sums.
fn credible(value: u64) -> Option<i64> {
    i64::try_from(value)
        .ok()
        .filter(|value| *value <= MAX_CREDIBLE)
}

/// A cost, or unknown if absurd.
fn credible_cost(cost: Cost) -> Cost {
    match cost.amount_nano_usd {
        Some(amount) if credible(amount).is_none() => Cost::default(),
        _ => cost,
    }
}

const NULL: ToSqlOutput<'static> = ToSqlOutput::Borrowed(ValueRef::Null);
/// 10¹⁵: a quadrillion tokens, or a million US dollars in nano-USD.
const MAX_CREDIBLE: i64 = 1_000_000_000_000_000;
