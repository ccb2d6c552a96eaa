//! `synapse chat`: one prompt, one request, one answer. The answer goes to stdout, the receipt to
//! stderr.

use std::io::{self, IsTerminal, Read};

use synapse_core::chat::{ChatReply, Message, Parameters, Role};
use synapse_core::document::{ChatDocument, ErrorDocument};
use synapse_core::engine::{ChatCall, Engine};
use synapse_core::error::{Code, Failure};
use synapse_core::receipt::Receipt;
use synapse_core::redact::printable;

use super::{CommandError, Context};
use crate::args::ChatArguments;
use crate::output::{FAINT, Printer, cost_text, styled};

pub(super) async fn run(
    context: &Context,
    engine: &Engine,
    arguments: ChatArguments,
    prompt: String,
) -> Result<(), CommandError> {
    let printer = &context.printer;
    let mut messages = Vec::new();
    messages.extend(
        arguments
            .system
            .map(|text| Message::new(Role::System, text)),
    );
    messages.push(Message::new(Role::User, prompt));
    let call = ChatCall {
        connection: Some(arguments.name),
        model: arguments.model,
        messages,
        parameters: Parameters {
            max_tokens: arguments.max_tokens,
            temperature: arguments.temperature,
            reasoning_effort: arguments.reasoning_effort,
            ..Parameters::default()
        },
        caller: synapse_core::call::Caller::default(),
    };
    // The future is large because it holds the whole exchange.
    let outcome = Box::pin(engine.chat(call)).await?;
    for warning in &outcome.warnings {
        printer.warning(warning);
    }
    match outcome.result {
        Ok(reply) => {
            if printer.is_json() {
                printer.document(&ChatDocument::new(
                    &reply,
                    &outcome.receipt,
                    &outcome.warnings,
                ));
            } else {
                answer(printer, &reply);
                printer.note(&styled(FAINT, &receipt_line(&outcome.receipt)));
            }
            Ok(())
        }
        Err(failure) => {
            if printer.is_json() {
                printer.document(
                    &ErrorDocument::new(&failure).with_receipt(&outcome.receipt, &outcome.warnings),
                );
            }
            printer.failure(&failure);
            Err(CommandError::Reported(failure.code))
        }
    }
}

/// The prompt from the argument, or from stdin exactly as it comes.
pub(super) fn prompt(argument: Option<String>) -> Result<String, Failure> {
    match argument {
        Some(text) if text != "-" => return Ok(text),
        None if io::stdin().is_terminal() => {
            return Err(
                Failure::new(Code::UsageInvalidArguments, "there is no prompt")
                    .hint("write it behind the name, or pipe it in"),
            );
        }
        _ => {}
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).map_err(|error| {
        Failure::new(
            Code::UsageInvalidArguments,
            "the prompt cannot be read from stdin",
        )
        .caused_by(&error)
    })?;
    Ok(text)
}

fn answer(printer: &Printer, reply: &ChatReply) {
    let text = reply
        .content
        .as_deref()
        .or(reply.refusal.as_deref())
        .unwrap_or_default();
    if !text.is_empty() {
        // A terminal must not be steered by a model; a file or pipe gets the answer as it came.
        let text = if Printer::stdout_is_terminal() {
            printable(text)
        } else {
            text.to_owned()
        };
        let end = if text.ends_with('\n') { "" } else { "\n" };
        printer.exactly(&format!("{text}{end}"));
    } else if let Some(reason) = &reply.finish_reason {
        let why = reason
            .without_text()
            .unwrap_or("the provider gave no reason");
        printer.note(&format!(
            "no text (finish reason {}): {why}",
            printable(reason.as_str())
        ));
    } else {
        printer.note("no text, and the provider gave no reason");
    }
    for call in &reply.tool_calls {
        printer.note(&printable(&format!(
            "tool call: {}({})",
            call.name, call.arguments
        )));
    }
}

/// The receipt in one line.
pub(super) fn receipt_line(receipt: &Receipt) -> String {
    let exchange = &receipt.exchange;
    let number = |value: Option<u64>| value.map_or_else(|| "?".to_owned(), |each| each.to_string());
    let model = receipt
        .model_served
        .as_deref()
        .unwrap_or(&receipt.model_requested);
    let by = exchange
        .served_by
        .as_ref()
        .map_or_else(String::new, |name| format!(" by {name}"));
    let cost = cost_text(&receipt.cost);
    printable(&format!(
        "{}{by} · {} request to {} · {} in, {} out tokens · cost {cost} · {} ms · {}",
        model,
        exchange.attempts,
        exchange.host,
        number(receipt.usage.prompt_tokens),
        number(receipt.usage.completion_tokens),
        number(receipt.latency_ms),
        receipt.call_id,
    ))
}
