//! `synapse history purge`: deletes rows after asking.

use std::io::{self, IsTerminal};

use synapse_core::error::{Code, Failure};
use synapse_core::ledger::{UsageKey, UsageQuery};
use synapse_core::ports::Clock as _;
use synapse_core::time::Timestamp;
use synapse_documents::PurgeDocument;

use crate::args::HistoryPurgeArguments;
use crate::command::time_flag::when;
use crate::command::{CommandError, Context, with_engine};
use crate::compose::{self, Asking};
use crate::prompt;
use crate::runtime::Runtime;
use crate::system::SystemClock;

pub(super) fn run(
    context: &Context,
    arguments: &HistoryPurgeArguments,
) -> Result<(), CommandError> {
    let now = SystemClock::new().now();
    let before = match &arguments.until {
        Some(text) => {
            let before = when("--until", text, now)?;
            if depends_on_the_clock(text, now) {
                check_clock(context, now)?;
            }
            before
        }
        // Independent of the clock when they began.
        None => Timestamp::from_millis(NEVER),
    };
    let which = if arguments.all {
        String::new()
    } else {
        format!(" that began before {before}")
    };
    let printer = &context.printer;
    // Before signals are caught: reading stdin blocks, and Ctrl-C must end it.
    if !arguments.yes && !confirmed(context, before, &which)? {
        printer.note("nothing was deleted");
        return Ok(());
    }
    with_engine(context, async |engine| {
        let purged = engine.ports().ledger.purge(before).await?;
        if printer.is_json() {
            printer.document(&PurgeDocument::new(before, purged));
        } else {
            printer.line(&format!(
                "deleted {} calls{which}, and {} recorded texts",
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

/// Refuses a relative time when the rows contradict the clock.
fn check_clock(context: &Context, now: Timestamp) -> Result<(), CommandError> {
    let engine = compose::engine(context, Asking::Terminal)?;
    let dating = Runtime::start()?.block_on(engine.ports().reader.dating(now))?;
    if !dating.jumped {
        return Ok(());
    }
    match dating.failure() {
        Some(failure) => Err(failure
            .hint("name the day instead: --until 2026-01-01")
            .into()),
        None => Ok(()),
    }
}

fn confirmed(context: &Context, before: Timestamp, which: &str) -> Result<bool, CommandError> {
    if !io::stdin().is_terminal() {
        return Err(Failure::new(
            Code::UsageInvalidArguments,
            "deleting must be confirmed, and there is no terminal to ask on",
        )
        .hint("add --yes when you are sure; `synapse history export` keeps a copy")
        .into());
    }
    let query = UsageQuery {
        until: Some(before),
        ..UsageQuery::by(UsageKey::Connection)
    };
    // Not `with_engine`: once that catches signals, Ctrl-C no longer ends a question.
    let engine = compose::engine(context, Asking::Terminal)?;
    let calls = Runtime::start()?.block_on(engine.usage(query))?.total.calls;
    if calls == 0 {
        context.printer.note(&format!("there is no call{which}"));
        return Ok(false);
    }
    let question = format!("Delete {calls} calls{which}, for good?");
    Ok(prompt::agreed(&context.printer, &question))
}

/// 9999-01-01, the last representable time.
const NEVER: i64 = 253_370_764_800_000;
