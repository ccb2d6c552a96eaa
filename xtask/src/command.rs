//! The one place that starts other programs. Every child has no stdin, runs at the repository root
//! unless told otherwise, and is announced on stderr, so that a log can be replayed by hand.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use crate::failure::Failure;
use crate::repository::Repository;

/// A program about to be run, and how it is spelled in messages.
#[derive(Debug)]
pub(crate) struct Invocation {
    command: Command,
    spelling: String,
}

impl Invocation {
    pub(crate) fn new(repository: &Repository, program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program.as_ref());
        command.current_dir(repository.root()).stdin(Stdio::null());
        Self {
            command,
            spelling: program.as_ref().to_string_lossy().into_owned(),
        }
    }

    /// Returns an invocation of the cargo that runs this tool.
    pub(crate) fn cargo(repository: &Repository) -> Self {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut invocation = Self::new(repository, program);
        "cargo".clone_into(&mut invocation.spelling);
        // `cargo run` describes *this* package in the environment. Build scripts that watch these
        // variables (ring's does) would be rebuilt at every turn between cargo and cargo xtask.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if PACKAGE_VARIABLES
                .iter()
                .any(|prefix| text.starts_with(prefix))
            {
                invocation.command.env_remove(&name);
            }
        }
        invocation
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.spelling.push(' ');
        self.spelling.push_str(&argument.as_ref().to_string_lossy());
        self.command.arg(argument);
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(self, arguments: impl IntoIterator<Item = A>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    pub(crate) fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without_env(mut self, name: impl AsRef<OsStr>) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn in_directory(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// Runs it to the end with this tool's own stdout and stderr.
    ///
    /// # Errors
    /// `Start` when there is no such program, `Exit` on any status but success.
    pub(crate) fn run(mut self) -> Result<(), Failure> {
        eprintln!("$ {}", self.spelling);
        let status = self.command.status();
        self.judge(status)
    }

    /// Runs it as [`Self::run`] does, but with its stdout on stderr, for tasks whose own stdout is
    /// read by a shell.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub(crate) fn run_aside(mut self) -> Result<(), Failure> {
        self.command.stdout(Stdio::from(std::io::stderr()));
        self.run()
    }

    /// Runs it quietly and returns what it wrote to stdout, as it was written.
    ///
    /// # Errors
    /// `Start` when there is no such program, `Refused` with the end of its stderr otherwise.
    pub(crate) fn capture(mut self) -> Result<String, Failure> {
        let output = self.command.output().map_err(|source| Failure::Start {
            command: self.spelling.clone(),
            source,
        })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said = last_lines(&said, LINES_QUOTED);
        Err(Failure::Refused {
            command: self.spelling,
            status: output.status,
            said,
        })
    }

    fn judge(self, status: Result<ExitStatus, std::io::Error>) -> Result<(), Failure> {
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Failure::Exit {
                command: self.spelling,
                status,
            }),
            Err(source) => Err(Failure::Start {
                command: self.spelling,
                source,
            }),
        }
    }
}

/// Returns the last lines that say anything, joined by ` / `.
fn last_lines(text: &str, count: usize) -> String {
    let mut lines: Vec<&str> = text
        .lines()
        .rev()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take(count)
        .collect();
    lines.reverse();
    lines.join(" / ")
}

const LINES_QUOTED: usize = 4;

const PACKAGE_VARIABLES: &[&str] = &[
    "CARGO_PKG_",
    "CARGO_MANIFEST_",
    "CARGO_BIN_NAME",
    "CARGO_CRATE_NAME",
    "OUT_DIR",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_what_a_program_said_is_quoted() {
        assert_eq!(last_lines("one\n\ntwo\nthree\n", 2), "two / three");
        assert_eq!(last_lines("", 2), "");
    }
}
