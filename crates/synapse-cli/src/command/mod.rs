//! One file per command: reads the arguments, calls the use case, prints.

mod chat;
mod check;
mod checklist;
mod completions;
mod connection;
mod dashboard;
mod demo;
mod doctor;
mod explain;
mod help;
mod history;
mod hub;
mod ide;
mod models;
mod preflight;
mod providers;
mod reference;
mod secret;
mod serve;
mod setup;
mod time_flag;
mod usage;

use std::process::ExitCode;

use synapse_core::engine::Engine;
use synapse_core::error::{Code, Failure, Hint};
use synapse_documents::ErrorDocument;

use crate::args::Command;
use crate::args::ConnectionCommand;
use crate::compose::{self, Asking};
use crate::context::Context;
use crate::output::Printer;
use crate::runtime::Runtime;
use crate::system::asked_to_stop;
use crate::telemetry;

/// How a command fails.
#[derive(Debug)]
pub(crate) enum CommandError {
    /// Nothing was printed yet.
    Failed(Box<Failure>),
    /// The command printed its result, including the failure; only the exit code is left.
    Reported(Code),
    /// The user pressed Ctrl-C, or the system requested a stop. The call's row says `cancelled`.
    Stopped,
}

impl CommandError {
    /// Prints the failure and returns the exit code.
    pub(crate) fn report(self, printer: &Printer) -> ExitCode {
        let code = match self {
            Self::Stopped => return ExitCode::from(STOPPED),
            Self::Reported(code) => code,
            Self::Failed(failure) => {
                if printer.is_json() {
                    printer.document(&ErrorDocument::new(&failure, &**printer.remedies()));
                }
                printer.failure(&failure);
                failure.code()
            }
        };
        ExitCode::from(code.class().exit_code())
    }
}

impl From<Failure> for CommandError {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

/// Offers `setup` when the program is run without arguments and nothing is set up; `false`
/// otherwise.
pub(crate) fn offer_setup(context: &Context) -> Result<bool, CommandError> {
    setup::offer(context)
}

/// Runs `command`.
pub(crate) fn run(context: &Context, command: Command) -> Result<(), CommandError> {
    match command {
        Command::Setup(arguments) => setup::run(context, *arguments),
        Command::Demo => demo::run(context),
        Command::Connection(ConnectionCommand::Create(arguments))
            if arguments.lacks() || arguments.lacks_key() && setup::can_ask(context) =>
        {
            setup::create(context, &arguments)
        }
        Command::Connection(ConnectionCommand::Remove {
            ref name,
            yes: false,
        }) if !connection::may_remove(context, name)? => {
            context.printer.note("nothing was removed");
            Ok(())
        }
        Command::Connection(command) => with_engine(context, async |engine| {
            connection::run(context, engine, command).await
        }),
        Command::Preflight(arguments) => with_engine(context, async |engine| {
            preflight::run(context, engine, arguments).await
        }),
        Command::Checklist(arguments) => with_engine(context, async |engine| {
            checklist::run(context, engine, &arguments).await
        }),
        Command::Models(arguments) => with_engine(context, async |engine| {
            models::run(context, engine, &arguments).await
        }),
        Command::Providers { name } => providers::run(context, name.as_deref()),
        Command::Chat(arguments) => {
            // Before signals are caught: reading stdin blocks, and Ctrl-C must end it.
            let call = chat::prepare(arguments)?;
            let result = with_engine(context, async |engine| {
                chat::run(context, engine, call).await
            });
            telemetry::remind(context);
            result
        }
        Command::Secret(command) => secret::run(context, command),
        Command::Serve(arguments) => serve::run(context, arguments),
        Command::Ide(command) => ide::run(context, command),
        Command::Hub(arguments) => hub::run(context, arguments),
        Command::Usage(arguments) => with_engine(context, async |engine| {
            usage::run(context, engine, &arguments).await
        }),
        Command::History(arguments) => history::run(context, *arguments),
        Command::Dashboard(arguments) => dashboard::run(context, &arguments),
        Command::Doctor(arguments) => with_engine(context, async |engine| {
            doctor::run(context, engine, arguments).await
        }),
        Command::Completions(arguments) => completions::run(context, arguments),
        Command::Help(arguments) => help::run(context, &arguments),
        Command::Explain { words } => explain::run(context, &words),
        Command::Check(arguments) => check::run(context, &arguments),
        Command::Reference { page } => {
            reference::run(context, page);
            Ok(())
        }
    }
}

/// Composes the engine, runs `work` on its own runtime, and waits for the ledger.
fn with_engine(
    context: &Context,
    work: impl AsyncFnOnce(&Engine) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let runtime = Runtime::start()?;
    let engine = compose::engine(context, Asking::Terminal)?;
    runtime.block_on(async {
        let result = tokio::select! {
            result = work(&engine) => result,
            Ok(()) = asked_to_stop() => Err(CommandError::Stopped),
        };
        if let Err(failure) = engine.flush().await {
            context.printer.warning(&failure);
        }
        if matches!(result, Err(CommandError::Stopped)) {
            context.printer.note(&given_up(context, &engine).await);
        }
        result
    })
}

/// The note on an interrupted call: its row records whether its request was sent.
async fn given_up(context: &Context, engine: &Engine) -> String {
    let Some(id) = context.newest_call.id() else {
        return "cancelled".to_owned();
    };
    // An unreadable ledger was reported already; then this is unknown.
    let row = engine.ports().reader.entry(id).await.ok().flatten();
    if row.is_none_or(|row| row.receipt.exchange.maybe_billed) {
        format!("cancelled; may have been billed; call {id}")
    } else {
        format!("cancelled; nothing was sent; call {id}")
    }
}

/// 128 + SIGINT, by shell convention.
const STOPPED: u8 = 130;

/// The failure of a file that a flag names: it is not one of Synapse's own, so that another home
/// would not help.
fn of_named_file(failure: Failure) -> Failure {
    match failure.code() {
        Code::StorageUnavailable | Code::StorageReadOnly => {
            let hint = "name a file in a directory that exists and that you may write to";
            failure.with_hints(vec![Hint::new(hint)])
        }
        _ => failure,
    }
}
