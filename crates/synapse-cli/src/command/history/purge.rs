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
    let now = SystemClock::new().now();
    let before = when("--before", &arguments.before, now)?;
    if depends_on_the_clock(&arguments.before, now) {
        check_clock(context, now)?;
    }
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

/// Whether `text` means another time tomorrow.
fn depends_on_the_clock(text: &str, now: Timestamp) -> bool {
    let later = Timestamp::of_day(now.day() + 400);
    Timestamp::named(text, now) != Timestamp::named(text, later)
}

/// A time that is counted from now deletes nothing when the rows contradict the clock.
fn check_clock(context: &Context, now: Timestamp) -> Result<(), CommandError> {
    let engine = compose::engine(context, Asking::Terminal)?;
    let dating = runtime()?.block_on(engine.ports().reader.dating(now))?;
    if !dating.jumped {
        return Ok(());
    }
    match super::misdated(&dating) {
        Some(failure) => Err(failure
            .hint("name the day instead: --before 2026-01-01")
            .into()),
        None => Ok(()),
    }
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
