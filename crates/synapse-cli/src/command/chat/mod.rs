//! `synapse chat`: one prompt, one request, one answer. The answer goes to stdout, the receipt to
//! stderr.

mod attached;
mod call;
mod continued;
mod delivery;
mod files;

use synapse_core::chat::{ChatReply, Remark};
use synapse_core::engine::{ChatCall, Engine, Outgoing};
use synapse_core::receipt::Receipt;
use synapse_core::redact::{printable, printable_line, without_tokens};
use synapse_documents::{ChatDocument, ErrorDocument, OutgoingDocument};

use self::call::AnswerUse;
pub(super) use self::call::{PreparedCall, prepare};
use self::delivery::Delivery;
use super::{CommandError, Context};
use crate::output::{CommandLines, FAINT, Printer, styled};

pub(super) async fn run(
    context: &Context,
    engine: &Engine,
    prepared: PreparedCall,
) -> Result<(), CommandError> {
    let printer = &context.printer;
    let PreparedCall {
        mut call,
        continues,
        action,
        delivery,
    } = prepared;
    if let Some(which) = continues {
        call = continued::join(printer, engine, &which, call).await?;
    }
    if action == AnswerUse::Show {
        show(printer, &engine.outgoing(call)?);
        return Ok(());
    }
    let what = waited_for(engine, &call);
    // Boxed because it holds the whole exchange.
    let exchange = Box::pin(engine.chat(call));
    let outcome = printer.progress().waiting(what, exchange).await?;
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
                    &CommandLines,
                ));
            } else {
                answer(printer, &delivery, &reply);
                printer.prose(&styled(FAINT, &receipt_line(&outcome.receipt)));
            }
            delivery.keep(printer, &reply).map_err(|failure| {
                printer.failure(&failure);
                CommandError::Reported(failure.code())
            })
        }
        Err(failure) => {
            if printer.is_json() {
                let (receipt, warnings) = (&outcome.receipt, &outcome.warnings);
                let document = ErrorDocument::new(&failure, &CommandLines);
                printer.document(&document.with_receipt(receipt, warnings, &CommandLines));
            }
            printer.failure(&failure);
            Err(CommandError::Reported(failure.code()))
        }
    }
}

/// The name of the provider that is awaited. Problems of the connection are reported by the call.
fn waited_for(engine: &Engine, call: &ChatCall) -> String {
    let Ok(connection) = engine.connection(call.connection.as_deref()) else {
        return "the answer".to_owned();
    };
    let model = call.model.as_deref();
    let model = model.unwrap_or_else(|| connection.model.as_str());
    let host = connection.base_url.origin();
    without_tokens(&format!("{model} at {}", host.host())).into_owned()
}

/// Shows the request without sending it: its address on stderr, its body unchanged on stdout.
fn show(printer: &Printer, outgoing: &Outgoing) {
    if printer.is_json() {
        printer.document(&OutgoingDocument::new(outgoing));
        return;
    }
    printer.exactly(&format!("{}\n", outgoing.body));
    printer.prose(&format!(
        "POST {} · {} bytes · connection {}; nothing was sent, and no secret was read",
        printable_line(&outgoing.url),
        outgoing.body.len(),
        outgoing.connection
    ));
}

/// Prints the text, then one line of JSON for each tool call: both are part of the answer.
fn answer(printer: &Printer, delivery: &Delivery, reply: &ChatReply) {
    if !delivery.is_file() {
        delivery::print_text(printer, delivery, reply);
    }
    if let Some(remark) = reply.remark() {
        printer.note(&remark_line(&remark));
        // Reasoning is paid for but not the answer: stdout has the answer only.
        if let Some(reasoning) = remark.reasoning {
            printer.note(&printable(reasoning));
        }
    }
    if !delivery.is_file() {
        delivery::print_tool_calls(printer, reply);
    }
}

/// A remark on the answer that its text does not contain.
fn remark_line(remark: &Remark<'_>) -> String {
    let no_reason = "the provider gave no reason";
    match (remark.reason, remark.why) {
        (Some(reason), why) => printable(&format!(
            "{} (finish reason {reason}): {}",
            remark.state,
            why.unwrap_or(no_reason)
        )),
        (None, Some(why)) => format!("{}: {why}", remark.state),
        (None, None) => format!("{}, and {no_reason}", remark.state),
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
    let cost = &receipt.cost;
    // An interrupted call may or may not have been sent; nothing recorded it.
    let requests = match (exchange.attempts, exchange.maybe_billed) {
        (0, true) => "?".to_owned(),
        (attempts, _) => attempts.to_string(),
    };
    printable(&format!(
        "{}{by} · {} request to {} · {} in, {} out tokens · cost {cost} · {} ms · {}",
        model,
        requests,
        exchange.host,
        number(receipt.usage.prompt_tokens),
        number(receipt.usage.completion_tokens),
        number(receipt.latency_ms),
        receipt.call_id,
    ))
}
