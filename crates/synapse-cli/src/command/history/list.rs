//! `synapse history list`: one page of rows, newest first, and the commands for the adjacent pages.

use synapse_core::engine::Engine;
use synapse_core::ledger::{HistoryQuery, Order};
use synapse_documents::{HistoryDocument, Pages};

use super::columns::Sheet;
use super::filter;
use crate::args::HistoryListArguments;
use crate::command::{CommandError, Context};
use crate::output::listing;

pub(super) async fn run(
    context: &Context,
    engine: &Engine,
    arguments: &HistoryListArguments,
) -> Result<(), CommandError> {
    let now = engine.ports().clock.now();
    let query = filter::query(&arguments.filter, arguments.limit, now)?;
    let (order, key) = match (&arguments.after, &arguments.before) {
        (Some(after), _) => (Order::OldestFirst, Some(engine.call_id(after).await?)),
        (None, Some(before)) => (Order::NewestFirst, Some(engine.call_id(before).await?)),
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
    if let Some(warning) = engine.ports().reader.dating(now).await?.failure() {
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
    let sheet = Sheet::new(engine, arguments, &entries, now).await?;
    let (columns, rows) = sheet.of(&entries);
    printer.line(&listing(&columns, rows));
    if let Some(key) = pages.older {
        printer.note(&format!("older: add --before {key}"));
    }
    if let Some(key) = pages.newer {
        printer.note(&format!("newer: add --after {key}"));
    }
    Ok(())
}
