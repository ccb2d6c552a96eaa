//! `synapse history purge`: deletes rows, after asking.

use std::io::{self, IsTerminal};

use synapse_core::document::PurgeDocument;
use synapse_core::error::{Code, Failure};
use synapse_core::ledger::{UsageKey, UsageQuery};
use synapse_core::ports::Clock as _;
use synapse_core::time::Timestamp;

use crate::args::HistoryPurgeArguments;
use crate::command::when::when;
use crate::command::{CommandError, Context, runtime, with_engine};
use crate::compose::{self, Asking};
use crate::prompt;
use crate::system::SystemClock;

pub(super) fn run(
    context: &Context,
    arguments: &HistoryPurgeArguments,
) -> Result<(), CommandError> {
    let before = when("--before", &arguments.before, SystemClock::new().now())?;
    let printer = &context.printer;
    // Before signals are ours: reading stdin blocks, and Ctrl-C has to end it.
    if !arguments.yes && !confirmed(context, before)? {
        printer.note("nothing was deleted");
        return Ok(());
    }
    with_engine(context, async |engine| {
        let purged = engine.ports().ledger.purge(before).await?;
        if printer.is_json() {
            printer.document(&PurgeDocument::new(before, purged));
        } else {
            printer.line(&format!(
                "deleted {} calls that began before {before}, and {} recorded texts",
                purged.rows, purged.texts
            ));
        }
        Ok(())
    })
}

fn confirmed(context: &Context, before: Timestamp) -> Result<bool, CommandError> {
    if !io::stdin().is_terminal() {
        return Err(Failure::new(
            Code::UsageInvalidArguments,
            "deleting has to be confirmed, and there is no terminal to ask on",
        )
        .hint("add --yes when you are sure; `synapse history export` keeps a copy")
        .into());
    }
    let query = UsageQuery {
        until: Some(before),
        ..UsageQuery::by(UsageKey::Connection)
    };
    // Not `with_engine`: once it has waited for signals, Ctrl-C ends no question any more.
    let engine = compose::engine(context, Asking::Terminal)?;
    let calls = runtime()?.block_on(engine.usage(query))?.total.calls;
    if calls == 0 {
        context
            .printer
            .note(&format!("no call began before {before}"));
        return Ok(false);
    }
    let question = format!("Delete {calls} calls that began before {before}, for good?");
    Ok(prompt::agreed(&context.printer, &question))
}
