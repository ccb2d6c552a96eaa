//! The only place that starts programs. Children get no stdin, run at the repository root by
//! default, and are announced on stderr, so that a log can be replayed by hand.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::failure::Failure;
use crate::repository::Repository;

/// A program to run, and its name in messages.
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
        // `cargo run` sets variables about *this* package. Build scripts that watch them (such as
        // ring's) would rerun on every switch between cargo and cargo xtask.
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

    /// Clears the environment except for these variables.
    pub(crate) fn env_of<V: AsRef<OsStr>>(mut self, variables: &[(&str, V)]) -> Self {
        self.command.env_clear();
        for (name, value) in variables {
            self.command.env(name, value);
        }
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

    /// Runs it to completion with this tool's stdout and stderr.
    ///
    /// # Errors
    /// `Start` when the program does not exist, `Exit` on failure.
    pub(crate) fn run(mut self) -> Result<(), Failure> {
        eprintln!("$ {}", self.spelling);
        let status = self.command.status();
        self.judge(status)
    }

    /// Like [`Self::run`], with its stdout redirected to stderr, for tasks whose own stdout is read
    /// by a shell.
    ///
    /// # Errors
    /// Same as [`Self::run`].
    pub(crate) fn run_aside(mut self) -> Result<(), Failure> {
        self.command.stdout(Stdio::from(std::io::stderr()));
        self.run()
    }

    /// Runs it silently and returns its stdout verbatim.
    ///
    /// # Errors
    /// `Start` when the program does not exist, `Refused` with the end of its stderr on failure.
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

    /// Runs it with a dialogue over stdio: writes the lines, waits for a reply to each line with an
    /// id and at each [`PAUSE`], and returns its complete stdout.
    ///
    /// # Errors
    /// `Start` when the program does not exist or ends early, `Refused` with the end of its stderr
    /// on failure.
    pub(crate) fn converse(mut self, lines: &[String]) -> Result<String, Failure> {
        self.command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let spelling = self.spelling;
        let broken = |source| Failure::Start {
            command: spelling.clone(),
            source,
        };
        let mut child = self.command.spawn().map_err(broken)?;
        let said = collect(child.stderr.take());
        let talked = talk(&mut child, lines);
        let status = child.wait().map_err(broken)?;
        let said = said.join().unwrap_or_default();
        match talked {
            _ if !status.success() => Err(Failure::Refused {
                command: spelling.clone(),
                status,
                said: last_lines(&said, LINES_QUOTED),
            }),
            Ok(answers) => Ok(answers),
            Err(source) => Err(broken(source)),
        }
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

/// Writes `lines` and reads the replies, then closes the child's stdin.
fn talk(child: &mut Child, lines: &[String]) -> std::io::Result<String> {
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Ok(String::new());
    };
    let mut output = BufReader::new(output);
    let mut answers = String::new();
    for line in lines {
        if line == PAUSE {
            std::thread::sleep(PAUSED);
            continue;
        }
        input.write_all(format!("{line}\n").as_bytes())?;
        if line.contains("\"id\":") && output.read_line(&mut answers)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    drop(input);
    output.read_to_string(&mut answers)?;
    Ok(answers)
}

/// Reads a pipe to its end on its own thread.
fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // Best effort: a broken pipe has ended.
            drop(pipe.read_to_end(&mut bytes));
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Returns the last non-empty lines, joined by ` / `.
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

/// A placeholder line: waits longer than a file modification may go unnoticed.
pub(crate) const PAUSE: &str = "";
const PAUSED: Duration = Duration::from_millis(3_200);
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
