//! The `synapse` command: reads arguments and environment, composes the crates, renders results,
//! and maps failures to exit codes. It decides nothing else.
//!
//! **Invariant:** only this crate reads the environment or the home directory, and only `output`
//! writes to stdout and stderr (in `serve`, stdout belongs to the protocol).

mod args;
mod command;
mod compose;
mod environment;
mod output;
mod system;

use std::process::ExitCode;

use clap::Parser;
use synapse_core::document::ErrorDocument;
use synapse_core::error::{Class, Code, Failure};

use crate::args::{Arguments, ColorWord};
use crate::command::Context;
use crate::environment::Environment;
use crate::output::{Format, Printer};

/// Runs the command that the process was started with.
///
/// The exit code is 0, or that of the failure's class.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(refusal) => return refuse(&refusal),
    };
    let environment = Environment::of_process();
    let printer = Printer::new(arguments.format(), arguments.color);
    let context = Context {
        environment,
        printer,
    };
    match command::run(&context, arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(&context.printer),
    }
}

/// Help and version are results; everything else is a usage error, as a document too when one was
/// asked for.
fn refuse(refusal: &clap::Error) -> ExitCode {
    // Nobody is left to tell when the terminal is gone.
    drop(refusal.print());
    if !refusal.use_stderr() {
        return ExitCode::SUCCESS;
    }
    let wants_document = std::env::args_os().any(|argument| argument == "--json");
    if wants_document {
        let text = refusal.render().to_string();
        // The first paragraph says what is wrong, over several lines when it lists arguments.
        let paragraph = text.lines().take_while(|line| !line.is_empty());
        let message = paragraph.map(str::trim).collect::<Vec<_>>().join(" ");
        let message = message.strip_prefix("error: ").unwrap_or(&message);
        let failure = Failure::new(Code::UsageInvalidArguments, message)
            .command("see what is taken", "synapse --help");
        Printer::new(Format::Json, ColorWord::Never).document(&ErrorDocument::new(&failure));
    }
    ExitCode::from(Class::Usage.exit_code())
}
