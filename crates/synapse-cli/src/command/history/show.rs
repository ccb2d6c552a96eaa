//! `synapse history show`: everything recorded about one call.

use synapse_core::engine::Engine;
use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::ledger::{Column, ColumnValue, Entry, RecordedText};
use synapse_core::redact::printable;
use synapse_documents::EntryDocument;

use crate::command::{CommandError, Context, chat};
use crate::output::{FAINT, Printer, styled};

pub(super) async fn run(
    context: &Context,
    engine: &Engine,
    text: &str,
) -> Result<(), CommandError> {
    let call_id = engine.call_id(text).await?;
    let reader = &engine.ports().reader;
    let Some(entry) = reader.entry(call_id).await? else {
        return Err(
            Failure::new(Code::UsageInvalidArguments, "no call has that id")
                .remedy("see the calls", &Remedy::ListCalls)
                .into(),
        );
    };
    let text = reader.text(call_id).await?;
    let printer = &context.printer;
    if printer.is_json() {
        printer.document(&EntryDocument::new(&entry, text.as_ref()));
        return Ok(());
    }
    print(printer, &entry, text.as_ref());
    Ok(())
}

fn print(printer: &Printer, entry: &Entry, text: Option<&RecordedText>) {
    match &entry.hub {
        Some(facts) => {
            let tool = entry.caller.tool.as_deref().unwrap_or_default();
            let what = format!("{} {tool}", entry.operation);
            printer.line(&printable(&format!(
                "{}: {}",
                facts.server,
                what.trim_end()
            )));
        }
        None => printer.wrapped(&chat::receipt_line(&entry.receipt)),
    }
    let width = Column::ALL
        .iter()
        .map(|column| column.as_str().len())
        .max()
        .unwrap_or_default();
    // Columns of the other kind of row are omitted.
    let concerns = |column: &&Column| match entry.hub {
        Some(_) => column.applies(entry),
        None => !column.is_of_hub(),
    };
    for column in Column::ALL.iter().filter(concerns) {
        let value = match column.value(entry) {
            _ if !column.applies(entry) => styled(FAINT, "not applicable"),
            None => styled(FAINT, "unknown"),
            Some(ColumnValue::Text(text)) if *column == Column::CostSource => text.to_lowercase(),
            Some(ColumnValue::Text(text)) => printable(&text),
            Some(ColumnValue::Number(number)) => number.to_string(),
            Some(ColumnValue::Time(time)) => time.to_string(),
            Some(ColumnValue::Flag(flag)) => if flag { "yes" } else { "no" }.to_owned(),
        };
        printer.line(&format!("  {:<width$}  {value}", column.as_str()));
    }
    let Some(text) = text else {
        // Arguments and results of an upstream are never recorded.
        if entry.hub.is_none() {
            printer.line("text: not recorded");
        }
        return;
    };
    for (title, said) in [
        ("prompt", Some(&text.prompt)),
        ("reply", text.reply.as_ref()),
    ] {
        match said {
            Some(said) => printer.line(&format!("{title}:\n{}", indented(said))),
            None => printer.line(&format!("{title}: none")),
        }
    }
}

/// A recorded text, indented and without control characters.
fn indented(text: &str) -> String {
    let lines: Vec<String> = printable(text)
        .lines()
        .map(|line| format!("  {line}").trim_end().to_owned())
        .collect();
    lines.join("\n")
}
