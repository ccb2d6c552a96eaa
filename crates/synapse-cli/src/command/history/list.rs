//! `synapse history list`: one page of rows, newest first, and how to get the pages around it.

use synapse_core::document::{HistoryDocument, Pages};
use synapse_core::engine::Engine;
use synapse_core::ledger::{Column, Entry, HistoryQuery, Order};
use synapse_core::redact::printable;

use super::{call_id, filter};
use crate::args::HistoryListArguments;
use crate::command::{CommandError, Context};
use crate::output::{cost_text, table};

pub(super) async fn run(
    context: &Context,
    engine: &Engine,
    arguments: &HistoryListArguments,
) -> Result<(), CommandError> {
    let now = engine.ports().clock.now();
    let query = filter::query(&arguments.filter, arguments.limit, now)?;
    let (order, key) = match (&arguments.after, &arguments.before) {
        (Some(after), _) => (Order::OldestFirst, Some(call_id(after)?)),
        (None, Some(before)) => (Order::NewestFirst, Some(call_id(before)?)),
        (None, None) => (Order::NewestFirst, None),
    };
    let query = HistoryQuery {
        order,
        after: key,
        ..query
    };
    let mut entries = engine.history(query.clone()).await?;
    if order == Order::OldestFirst {
        entries.reverse();
    }
    let pages = Pages::around(&entries, &query);
    let printer = &context.printer;
    if let Some(warning) = super::misdated(&engine.ports().reader.dating(now).await?) {
        printer.warning(&warning);
    }
    if printer.is_json() {
        printer.document(&HistoryDocument::new(&entries, &pages));
        return Ok(());
    }
    if entries.is_empty() {
        let all = HistoryQuery::newest(query.limit);
        printer.note(if query == all {
            "no calls yet"
        } else {
            "no calls"
        });
        return Ok(());
    }
    printer.line(&table(
        &[
            "STARTED",
            "CONNECTION",
            "MODEL",
            "OUTCOME",
            "TOKENS",
            "COST",
            "MS",
            "CALL",
        ],
        &[4, 5, 6],
        entries.iter().map(row).collect(),
    ));
    if let Some(key) = pages.older {
        printer.note(&format!("older: add --before {key}"));
    }
    if let Some(key) = pages.newer {
        printer.note(&format!("newer: add --after {key}"));
    }
    Ok(())
}

fn row(entry: &Entry) -> Vec<String> {
    let receipt = &entry.receipt;
    // `-` where there is nothing to know, `?` where it is not known.
    let absent = |column: Column| match column.applies(entry) {
        true => "?".to_owned(),
        false => "-".to_owned(),
    };
    let number =
        |value: Option<u64>, column| value.map_or_else(|| absent(column), |each| each.to_string());
    let outcome = match &entry.error_code {
        Some(code) => format!("{} {}", entry.outcome.as_str(), printable(code)),
        None => entry.outcome.as_str().to_owned(),
    };
    if let Some(facts) = &entry.hub {
        let tool = entry.caller.tool.as_deref().unwrap_or("-");
        return vec![
            entry.started_at.to_string(),
            printable(&facts.server),
            printable(&format!("{} {tool}", entry.operation)),
            outcome,
            "-".to_owned(),
            "-".to_owned(),
            number(receipt.latency_ms, Column::LatencyMs),
            receipt.call_id.to_string(),
        ];
    }
    let tokens = match (receipt.usage.prompt_tokens, receipt.usage.completion_tokens) {
        (None, None) => absent(Column::PromptTokens),
        (prompt, completion) => format!(
            "{}+{}",
            number(prompt, Column::PromptTokens),
            number(completion, Column::CompletionTokens)
        ),
    };
    let model = receipt
        .model_served
        .as_deref()
        .unwrap_or(&receipt.model_requested);
    // What was never sent cannot cost anything.
    let cost = match Column::CostNanoUsd.applies(entry) {
        false => "-".to_owned(),
        true => cost_text(&receipt.cost),
    };
    vec![
        entry.started_at.to_string(),
        printable(&receipt.connection),
        printable(model),
        outcome,
        tokens,
        cost,
        number(receipt.latency_ms, Column::LatencyMs),
        receipt.call_id.to_string(),
    ]
}
