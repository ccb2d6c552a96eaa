//! Continues a recorded conversation: sends the recorded messages again, followed by the new one.

use synapse_core::chat::{Message, Unrepeatable, recorded_answer, recorded_messages};
use synapse_core::engine::{ChatCall, Engine};
use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::ledger::{Column, Entry, Filter, HistoryQuery, Outcome, Test};

use crate::output::Printer;

/// Puts the conversation of the call `which` (the terminal's newest when empty) in front of the
/// messages of `call`, and takes its connection and model unless they are given. Reports the number
/// of messages on stderr.
///
/// # Errors
/// `usage.invalid-arguments` when there is no such call, it was not answered, or its texts are not
/// fully recorded; `storage.*`.
pub(super) async fn join(
    printer: &Printer,
    engine: &Engine,
    which: &str,
    call: ChatCall,
) -> Result<ChatCall, Failure> {
    let entry = find(engine, which).await?;
    let recorded = messages(engine, &entry).await?;
    let receipt = &entry.receipt;
    let count = match recorded.len() {
        1 => "1 recorded message".to_owned(),
        count => format!("{count} recorded messages"),
    };
    let known = |tokens: Option<u64>, what: &str| match tokens {
        Some(tokens) => format!("{tokens} {what}"),
        None => format!("? {what}"),
    };
    let tokens = match (receipt.usage.prompt_tokens, receipt.usage.completion_tokens) {
        (None, None) => "their tokens are not known".to_owned(),
        (sent, made) => format!("{} + {} tokens", known(sent, "in"), known(made, "out")),
    };
    printer.note(&format!(
        "continuing the call {} of {}: {count} sent again ({tokens}), and yours",
        receipt.call_id,
        entry.started_at.ago(engine.ports().clock.now()),
    ));
    Ok(ChatCall {
        connection: call.connection.or_else(|| Some(receipt.connection.clone())),
        model: call.model.or_else(|| Some(receipt.model_requested.clone())),
        messages: recorded.into_iter().chain(call.messages).collect(),
        ..call
    })
}

async fn find(engine: &Engine, which: &str) -> Result<Entry, Failure> {
    let reader = &engine.ports().reader;
    if which.is_empty() {
        let query = HistoryQuery {
            outcome: Some(Outcome::Ok),
            filters: vec![
                Filter::is(Column::Operation, "chat"),
                Filter {
                    column: Column::ClientName,
                    test: Test::Unknown,
                },
            ],
            ..HistoryQuery::newest(1)
        };
        let newest = engine.history(query).await?.into_iter().next();
        return newest.ok_or_else(|| {
            refused("no conversation of the terminal has an answer yet")
                .hint("name the call to continue: --continue=CALL")
        });
    }
    let call_id = engine.call_id(which).await?;
    let found = reader.entry(call_id).await?;
    let entry = found.ok_or_else(|| {
        refused("no call has that id").remedy("see the calls", &Remedy::ListCalls)
    })?;
    if entry.hub.is_some() || entry.operation != "chat" || entry.outcome != Outcome::Ok {
        return Err(
            refused("that call is not an answered conversation").cause(format!(
                "it is a row of kind `{}` that ended as `{}`",
                entry.operation,
                entry.outcome.as_str()
            )),
        );
    }
    Ok(entry)
}

async fn messages(engine: &Engine, entry: &Entry) -> Result<Vec<Message>, Failure> {
    let receipt = &entry.receipt;
    let text = engine.ports().reader.text(receipt.call_id).await?;
    let whole = text.and_then(|text| Some((text.prompt, text.reply?)));
    let Some((prompt, reply)) = whole else {
        return Err(refused("the texts of that conversation are not recorded")
            .cause(format!(
                "call {}, connection {}",
                receipt.call_id, receipt.connection
            ))
            .hint(format!(
                "to record later ones: synapse connection edit {} --record-text",
                receipt.connection
            )));
    };
    let unrepeatable =
        |why: Unrepeatable| refused("that conversation cannot be continued").cause(why.to_string());
    let mut messages = recorded_messages(&prompt).map_err(unrepeatable)?;
    messages.push(recorded_answer(&reply).map_err(unrepeatable)?);
    Ok(messages)
}

fn refused(message: &str) -> Failure {
    Failure::new(Code::UsageInvalidArguments, message).with("argument", "--continue")
}
