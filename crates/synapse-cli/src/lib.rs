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

use crate::args::Arguments;
use crate::command::Context;
use crate::environment::Environment;
use crate::output::Printer;

/// Runs the command that the process was started with.
///
/// The exit code is 0, or that of the failure's class.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
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
