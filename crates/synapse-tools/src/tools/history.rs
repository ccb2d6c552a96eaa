//! The tool `history`, and single rows for the resource `synapse://history/{id}`.

use std::fmt::Write as _;

use synapse_core::call::CallId;
use synapse_core::error::Failure;
use synapse_core::ledger::{Column, Entry, Filter, HistoryQuery, Outcome};
use synapse_documents::{HistoryDocument, Pages};
use synapse_mcp::host::{ToolCall, ToolResult};

use super::arguments::Arguments;
use super::refusal::invalid;
use super::{Tool, connection};
use crate::view::View;

/// Lists ledger rows; sends nothing.
pub(super) async fn call(view: &View, call: ToolCall) -> Result<ToolResult, Failure> {
    let mut arguments = Arguments::of(Tool::History, call).await?;
    let one: Option<String> = arguments.take("call_id")?;
    let named = arguments.take("connection")?;
    let outcome: Option<String> = arguments.take("outcome")?;
    let before: Option<String> = arguments.take("before")?;
    let limit = arguments.take("limit")?.unwrap_or(LIMIT);
    arguments.finish()?;
    // At most 200.
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    let connection = connection(view.scope(), named)?;
    let outcome = outcome.as_deref().map(outcome_of).transpose()?;
    let (entries, pages) = match one {
        Some(id) => {
            let id = call_id(view, "call_id", &id).await?;
            let entry = entry(view, id).await?;
            let entry = entry.ok_or_else(|| {
                invalid("no call has that id")
                    .hint("leave call_id out to see the newest")
                    .with("argument", "call_id")
            })?;
            (vec![entry], Pages::default())
        }
        None => {
            let before = match before {
                Some(id) => Some(call_id(view, "before", &id).await?),
                None => None,
            };
            let query = HistoryQuery {
                outcome,
                after: before,
                ..of(connection.as_deref(), limit)
            };
            view.settled().await?;
            let entries = view.engine().history(query.clone()).await?;
            let pages = Pages::around(&entries, &query);
            (entries, pages)
        }
    };
    let document = HistoryDocument::new(&entries, &pages);
    let text = match entries.as_slice() {
        [] => "no calls".to_owned(),
        entries => entries.iter().map(line).collect::<Vec<_>>().join("\n"),
    };
    Ok(ToolResult::text(text).with_document(&document))
}

/// One row, unless it is out of scope.
///
/// # Errors
/// `storage.*`.
pub(crate) async fn entry(view: &View, id: CallId) -> Result<Option<Entry>, Failure> {
    view.settled().await?;
    let entry = view.engine().ports().reader.entry(id).await?;
    Ok(entry.filter(|entry| view.covers(&entry.receipt.connection)))
}

/// The newest rows visible to a server of this scope.
///
/// # Errors
/// `storage.*`.
pub(crate) async fn newest(view: &View, limit: u32) -> Result<Vec<Entry>, Failure> {
    view.engine().history(of(view.scope(), limit)).await
}

/// The newest rows of a connection, or of all.
fn of(connection: Option<&str>, limit: u32) -> HistoryQuery {
    HistoryQuery {
        filters: connection
            .map(|name| Filter::is(Column::Connection, name))
            .into_iter()
            .collect(),
        ..HistoryQuery::newest(limit)
    }
}

fn line(entry: &Entry) -> String {
    let receipt = &entry.receipt;
    let model = receipt.model_served.as_ref();
    let code = entry.error_code.as_deref();
    let mut line = String::with_capacity(LINE);
    let write = |line: &mut String, text: std::fmt::Arguments<'_>| {
        // Writing into a text cannot fail.
        line.write_fmt(text).unwrap_or_default();
    };
    write(
        &mut line,
        format_args!(
            "{} {} {} {} {}",
            entry.started_at,
            receipt.call_id,
            receipt.connection,
            model.unwrap_or(&receipt.model_requested),
            entry.outcome.as_str(),
        ),
    );
    if let Some(code) = code {
        write(&mut line, format_args!(" ({code})"));
    }
    for (before, number, after) in [
        (", ", receipt.usage.prompt_tokens, ""),
        ("+", receipt.usage.completion_tokens, " tokens"),
        (", ", receipt.latency_ms, " ms"),
    ] {
        match number {
            Some(number) => write(&mut line, format_args!("{before}{number}{after}")),
            None => write(&mut line, format_args!("{before}?{after}")),
        }
    }
    line
}

fn outcome_of(word: &str) -> Result<Outcome, Failure> {
    Outcome::parse(word).ok_or_else(|| {
        let words = Outcome::ALL.map(Outcome::as_str).join(", ");
        invalid("outcome is not a valid outcome")
            .cause(format!("it takes {words}"))
            .with("argument", "outcome")
    })
}

/// The call named by `text`; a server of one connection reveals nothing about calls of others, and
/// accepts complete ids only.
async fn call_id(view: &View, argument: &'static str, text: &str) -> Result<CallId, Failure> {
    match (text.parse(), view.scope()) {
        (Ok(id), _) => Ok(id),
        (Err(_), None) => {
            let named = view.engine().call_id(text).await;
            named.map_err(|failure| failure.with("argument", argument))
        }
        (Err(_), Some(_)) => Err(invalid(format!("{argument} is not a call id"))
            .cause("it takes a UUID, as receipts and history show it")
            .with("argument", argument)),
    }
}

const LIMIT: u64 = 20;
/// More than most lines need.
const LINE: usize = 192;
