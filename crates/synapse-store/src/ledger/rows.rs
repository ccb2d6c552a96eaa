//! Writing rows: the values of a call at its start and at its end.

use std::cell::RefCell;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, params, params_from_iter};
use synapse_core::Receipt;
use synapse_core::call::CallId;
use synapse_core::cost::Cost;
use synapse_core::ledger::{Closing, HubOpening, Opening, Outcome};
use synapse_core::time::Timestamp;
use uuid::Uuid;

use super::chain::{Gap, Head};
use super::completion::{Completed, reopen};
use super::content::{self, Facts};
use super::recent::Recent;
use super::sql::{bytes, integer, key, maybe, optional, saturated, text};
use super::work::Work;
use super::{hub, texts};

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
            .chain(outcome_values(receipt))
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
    end.into_iter().chain(outcome_values(receipt))
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
pub(super) const IDENTITY: [&str; 3] = ["connection", "provider", "model_requested"];

fn identity(receipt: &Receipt) -> [ToSqlOutput<'_>; IDENTITY.len()] {
    [
        text(&receipt.connection),
        text(&receipt.provider),
        text(&receipt.model_requested),
    ]
}

/// Receipt fields set by the call.
pub(super) const OUTCOME_COLUMNS: [&str; 20] = [
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

fn outcome_values(receipt: &Receipt) -> [ToSqlOutput<'_>; OUTCOME_COLUMNS.len()] {
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

/// 10¹⁵: a quadrillion tokens, or a million US dollars in nano-USD.
const MAX_CREDIBLE: i64 = 1_000_000_000_000_000;
