//! `synapse history`: the rows of the ledger, newest first, and one row in full.

use synapse_core::call::CallId;
use synapse_core::document::{HistoryDocument, HistoryEntry};
use synapse_core::engine::Engine;
use synapse_core::error::{Code, Failure};
use synapse_core::ledger::{Column, Entry, Filter, HistoryQuery, Outcome};
use synapse_core::receipt::Receipt;
use synapse_core::redact::printable;

use super::{CommandError, Context, chat};
use crate::args::{HistoryArguments, HistoryCommand, HistoryListArguments};
use crate::output::{Printer, table};

pub(super) async fn run(
    context: &Context,
    engine: &Engine,
    arguments: HistoryArguments,
) -> Result<(), CommandError> {
    let printer = &context.printer;
    match arguments
        .command
        .unwrap_or(HistoryCommand::List(arguments.list))
    {
        HistoryCommand::List(arguments) => list(printer, engine, arguments).await,
        HistoryCommand::Show { call_id } => show(printer, engine, &call_id).await,
    }
}

async fn list(
    printer: &Printer,
    engine: &Engine,
    arguments: HistoryListArguments,
) -> Result<(), CommandError> {
    let connection = arguments.connection.iter();
    let query = HistoryQuery {
        outcome: arguments.outcome.map(Outcome::from),
        after: arguments.before.as_deref().map(call_id).transpose()?,
        filters: connection
            .map(|name| Filter::is(Column::Connection, name))
            .collect(),
        ..HistoryQuery::newest(arguments.limit)
    };
    let entries = engine.history(query).await?;
    if printer.is_json() {
        printer.document(&HistoryDocument::new(&entries, arguments.limit));
        return Ok(());
    }
    if entries.is_empty() {
        printer.note("no calls yet");
        return Ok(());
    }
    printer.line(&table(
        &[
            "STARTED",
            "CONNECTION",
            "MODEL",
            "OUTCOME",
            "TOKENS",
            "MS",
            "CALL",
        ],
        &[4, 5],
        entries.iter().map(row).collect(),
    ));
    Ok(())
}

fn row(entry: &Entry) -> Vec<String> {
    let receipt = &entry.receipt;
    let number = |value: Option<u64>| value.map_or_else(|| "?".to_owned(), |each| each.to_string());
    let outcome = match &entry.error_code {
        Some(code) => format!("{} {}", entry.outcome.as_str(), printable(code)),
        None => entry.outcome.as_str().to_owned(),
    };
    let tokens = match (receipt.usage.prompt_tokens, receipt.usage.completion_tokens) {
        (None, None) => "?".to_owned(),
        (prompt, completion) => format!("{}+{}", number(prompt), number(completion)),
    };
    let model = receipt
        .model_served
        .as_deref()
        .unwrap_or(&receipt.model_requested);
    vec![
        entry.started_at.to_string(),
        printable(&receipt.connection),
        printable(model),
        outcome,
        tokens,
        number(receipt.latency_ms),
        receipt.call_id.to_string(),
    ]
}

async fn show(printer: &Printer, engine: &Engine, text: &str) -> Result<(), CommandError> {
    let call_id = call_id(text)?;
    let Some(entry) = engine.ports().reader.entry(call_id).await? else {
        return Err(
            Failure::new(Code::UsageInvalidArguments, "no call has that id")
                .command("see the calls", "synapse history")
                .into(),
        );
    };
    if printer.is_json() {
        printer.document(&HistoryEntry::from(&entry));
        return Ok(());
    }
    let receipt = &entry.receipt;
    let by = match (&entry.caller.client_name, &entry.caller.client_version) {
        (Some(name), Some(version)) => format!("{name} {version}"),
        (Some(name), None) => name.clone(),
        (None, _) => "the terminal".to_owned(),
    };
    let lines = [
        ("started", entry.started_at.to_string()),
        ("connection", receipt.connection.clone()),
        ("asked by", by),
        ("operation", entry.operation.clone()),
        ("outcome", entry.outcome.as_str().to_owned()),
        (
            "error",
            entry
                .error_code
                .clone()
                .unwrap_or_else(|| "none".to_owned()),
        ),
        ("model asked", receipt.model_requested.clone()),
        ("receipt", chat::receipt_line(receipt)),
        ("prices of", priced_at(receipt)),
        (
            "request id",
            receipt
                .exchange
                .request_id
                .clone()
                .unwrap_or_else(|| "none".to_owned()),
        ),
    ];
    for (label, value) in lines {
        printer.line(&format!("{label:<13}{}", printable(&value)));
    }
    Ok(())
}

/// The day of the prices behind an estimate.
fn priced_at(receipt: &Receipt) -> String {
    match receipt.cost.priced_at {
        Some(time) => time.to_string(),
        None => "none".to_owned(),
    }
}

fn call_id(text: &str) -> Result<CallId, Failure> {
    text.parse().map_err(|_| {
        Failure::new(Code::UsageInvalidArguments, "that is no call id")
            .cause("a call id is a UUID, as `synapse history` shows it")
    })
}
