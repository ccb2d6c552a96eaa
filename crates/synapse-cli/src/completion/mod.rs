//! Answers a shell that completes a command line. The scripts that `synapse completions` prints
//! start this program with `SYNAPSE_COMPLETE` and the words typed so far.
//!
//! **Invariant:** completing opens no socket, reads no secret and changes no configuration, and a
//! candidate holds only characters without special meaning in any shell: names come from files and
//! MCP clients, and bash inserts a candidate unquoted.

mod bash;
mod plain;
mod values;

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::env::{EnvCompleter, Shells};
use synapse_core::error::{Class, Code, Failure};

use self::bash::Bash;
use self::values::Values;
use crate::args::Arguments;
use crate::environment::{Environment, SYNAPSE_COMPLETE};
use crate::output::{ColorWord, OutputFormat, Printer};

/// Prints the candidates for the last of `words`, in the form that `shell` reads.
pub(crate) fn answer(
    environment: &Environment,
    shell: &OsStr,
    words: impl Iterator<Item = OsString>,
) -> ExitCode {
    let printer = Printer::new(OutputFormat::Human, ColorWord::Never);
    let Some(shell) = shell.to_str().and_then(completer) else {
        let names: Vec<&str> = Shells::builtins().names().collect();
        let failure = Failure::new(
            Code::UsageInvalidArguments,
            format!("{SYNAPSE_COMPLETE} names no shell"),
        )
        .cause(format!("it takes one of {}", names.join(", ")));
        printer.failure(&failure);
        return ExitCode::from(Class::Usage.exit_code());
    };
    // The program's own name comes first, after the `--` that the script inserts.
    let words: Vec<OsString> = words.skip_while(|word| word != "--").skip(1).collect();
    if words.is_empty() {
        return ExitCode::SUCCESS;
    }
    let mut command = Values::new(environment).complete(Arguments::command());
    let directory = std::env::current_dir().ok();
    let mut candidates = Vec::new();
    // A line that cannot be completed has no candidates; the shell shows nothing.
    if shell
        .write_complete(&mut command, words, directory.as_deref(), &mut candidates)
        .is_ok()
    {
        printer.exactly(&String::from_utf8_lossy(&candidates));
    }
    ExitCode::SUCCESS
}

/// The script that makes `shell` ask the program called `program`.
pub(crate) fn script(shell: clap_complete::Shell, program: &str) -> String {
    let mut script = Vec::new();
    if let Some(completer) = completer(&shell.to_string()) {
        // Writing to memory does not fail.
        drop(completer.write_registration(
            SYNAPSE_COMPLETE,
            "synapse",
            "synapse",
            program,
            &mut script,
        ));
    }
    String::from_utf8_lossy(&script).into_owned()
}

fn completer(shell: &str) -> Option<&'static dyn EnvCompleter> {
    const BUILT_IN: Shells<'static> = Shells::builtins();
    if Bash.is(shell) {
        Some(&Bash)
    } else {
        BUILT_IN.0.iter().copied().find(|each| each.is(shell))
    }
}
