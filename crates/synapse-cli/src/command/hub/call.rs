//! `synapse hub call`: calls a tool once, as an IDE would.

use std::io::Read as _;

use serde_json::{Map, Value};
use synapse_core::error::{Code, Failure};
use synapse_core::redact::{printable, printable_json};
use synapse_documents::HubCallDocument;

use super::Configured;
use super::session::HubSession;
use crate::command::{CommandError, Context};
use crate::output::Printer;

pub(super) fn run(
    context: &Context,
    hub: &Configured,
    server: &str,
    tool: &str,
    arguments: &str,
) -> Result<(), CommandError> {
    let arguments = object(arguments)?;
    // Fails at once when there is no such server.
    hub.upstream(server)?;
    let session = HubSession::open(context, hub)?;
    let called = session.run(format!("{server}: {tool}"), async |hub| {
        hub.call(server, tool, arguments).await
    });
    session.finish(context);
    let document = HubCallDocument::new(server, tool, called?);
    let printer = &context.printer;
    if printer.is_json() {
        printer.document(&document);
    } else {
        show(printer, document.result());
    }
    if document.is_ok() {
        Ok(())
    } else {
        // The tool ran and reported an error; its result has the reason.
        Err(CommandError::Reported(Code::UpstreamProtocol))
    }
}

fn object(text: &str) -> Result<Map<String, Value>, Failure> {
    let invalid = |why: String| {
        Failure::new(
            Code::UsageInvalidArguments,
            "the arguments of a tool are one JSON object",
        )
        .cause(why)
        .hint("quote it for the shell: '{\"path\": \"/tmp\"}'")
    };
    let mut given = String::new();
    let text = match text {
        "-" => {
            std::io::stdin()
                .take(MOST)
                .read_to_string(&mut given)
                .map_err(|error| invalid(error.to_string()))?;
            given.as_str()
        }
        text => text,
    };
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(invalid("it is JSON, but not an object".to_owned())),
        // Without the text itself, which may be anything.
        Err(error) => Err(invalid(format!(
            "line {}, column {}",
            error.line(),
            error.column()
        ))),
    }
}

/// Prints the texts of a result, and other content as JSON.
fn show(printer: &Printer, result: &Map<String, Value>) {
    let content = result.get("content").and_then(Value::as_array);
    for item in content.into_iter().flatten() {
        match item.get("text").and_then(Value::as_str) {
            Some(text) => printer.line(&printable(text)),
            None => printer.line(&printable_json(&item.to_string())),
        }
    }
    if content.is_none_or(Vec::is_empty)
        && let Some(structured) = result.get("structuredContent")
    {
        printer.line(&printable_json(&structured.to_string()));
    }
    if result.get("isError").and_then(Value::as_bool) == Some(true) {
        printer.note("the tool says that it failed");
    }
}

const MOST: u64 = 16 * 1024 * 1024;
