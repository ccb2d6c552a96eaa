//! `synapse history`: the rows of the ledger as pages, one in full, or all in a file; their
//! verification and deletion.

mod columns;
mod dataset;
mod export;
mod filter;
mod list;
mod purge;
mod repair;
mod show;
mod verify;

use synapse_core::error::{Code, Failure, Remedy};
use synapse_core::ledger::{Dating, Waiting};
use synapse_core::time::Timestamp;

pub(super) use self::verify::changed;
use super::{CommandError, Context, with_engine};
use crate::args::{HistoryArguments, HistoryCommand};

pub(super) fn run(context: &Context, arguments: HistoryArguments) -> Result<(), CommandError> {
    let command = arguments
        .command
        .unwrap_or(HistoryCommand::List(arguments.list));
    match command {
        HistoryCommand::List(arguments) => with_engine(context, async |engine| {
            list::run(context, engine, &arguments).await
        }),
        HistoryCommand::Show { call_id } => with_engine(context, async |engine| {
            show::run(context, engine, &call_id).await
        }),
        HistoryCommand::Export(arguments) => with_engine(context, async |engine| {
            export::run(context, engine, &arguments).await
        }),
        HistoryCommand::Purge(arguments) => purge::run(context, &arguments),
        HistoryCommand::Verify => {
            with_engine(context, async |engine| verify::run(context, engine).await)
        }
        HistoryCommand::Repair => {
            with_engine(context, async |engine| repair::run(context, engine).await)
        }
    }
}

/// A note on implausible dates of rows, if any.
pub(super) fn misdated(dating: &Dating) -> Option<Failure> {
    let failure = |message: String| Failure::new(Code::StorageClockContradicted, message);
    if let Some(day) = dating.ahead.last() {
        let days = match dating.ahead.len() {
            1 => format!("calls are dated {}", date(*day)),
            count => format!("calls are dated on {count} days, up to {},", date(*day)),
        };
        return Some(
            failure(format!(
                "{days} although calls written later are dated earlier"
            ))
            .cause("the clock was ahead; retention removes nothing by that time")
            .hint("they stay until a purge names a later date"),
        );
    }
    let last = dating.last.filter(|_| dating.jumped)?;
    Some(
        failure(format!(
            "the clock is far ahead of the calls before today, the last of {}",
            date(last)
        ))
        .cause("retention waits until two more days with calls bear the clock out")
        .hint("set the clock, if it is wrong"),
    )
}

/// The day of a time, such as `2026-11-20`.
pub(super) fn date(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

/// A note on entries waiting in sidecar files of the ledger, if any.
pub(super) fn waiting(waiting: Waiting) -> Option<Failure> {
    if waiting.is_empty() {
        return None;
    }
    let count = |number: u64, what: &str| match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    };
    let failure = Failure::new(
        Code::StorageRowsWaiting,
        match waiting.calls {
            0 => "ledger.spool has lines that cannot be read".to_owned(),
            calls => format!("{} not in the ledger yet", count(calls, "call")),
        },
    );
    let failure = match waiting.unreadable {
        0 => failure,
        lines => failure.cause(format!(
            "{} of ledger.spool cannot be read and will not be entered",
            count(lines, "line")
        )),
    };
    Some(match waiting.calls {
        0 => failure.hint("look at ledger.spool beside the ledger, then remove it"),
        _ => failure.remedy(
            "see why the ledger cannot be written; the next call enters them",
            &Remedy::Examine,
        ),
    })
}
