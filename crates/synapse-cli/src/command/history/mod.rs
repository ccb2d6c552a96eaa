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
