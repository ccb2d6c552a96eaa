//! The server process under check, and its output as a client reads it.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use synapse_process::{Guard, Input, Output, Program, Running};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::time::timeout;

use super::launch::Launched;
use super::veil::Veil;

/// A running server. Dropping it ends it with all of its descendants.
pub(super) struct Child {
    running: Running,
    input: Option<Input>,
    output: BufReader<Output>,
    errors: Output,
}

/// The result of a process.
#[derive(Debug)]
pub(super) struct Left {
    /// Its status, if it ended by itself.
    pub(super) status: Option<ExitStatus>,
    /// The last lines of its stderr.
    pub(super) errors: Vec<String>,
}

impl Child {
    pub(super) async fn start(launched: &Launched, guard: &Guard) -> io::Result<Self> {
        let program = Program::new(&launched.program)
            .arguments(&launched.arguments)
            .variables(&launched.environment)
            .directory(&launched.directory);
        let mut running = program.start(guard).await?;
        let (Some(output), Some(errors)) = running.outputs() else {
            return Err(io::Error::other("a pipe is missing"));
        };
        Ok(Self {
            input: running.input(),
            output: BufReader::new(output),
            errors,
            running,
        })
    }

    /// Writes one line.
    pub(super) async fn write(&mut self, line: &str) -> io::Result<()> {
        let Some(input) = &mut self.input else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        input.write_all(line.as_bytes()).await?;
        input.write_all(b"\n").await?;
        input.flush().await
    }

    /// Reads one line, truncated if long; `None` at the end of the stream.
    pub(super) async fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let mut limited = (&mut self.output).take(LONGEST_LINE);
        if limited.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        Ok(Some(line))
    }

    /// Closes its stdin and waits for its exit, like a quitting client; `None` if it had to be
    /// killed. Ends its descendants.
    pub(super) async fn close(mut self) -> Option<ExitStatus> {
        drop(self.input.take());
        let ended = async {
            let mut nowhere = (tokio::io::sink(), tokio::io::sink());
            // A process blocked on output may never exit; an exited one may have passed its pipe to
            // children.
            let drained = async {
                let (_, _) = tokio::join!(
                    tokio::io::copy(&mut self.errors, &mut nowhere.0),
                    tokio::io::copy(&mut self.output, &mut nowhere.1),
                );
                std::future::pending().await
            };
            tokio::select! {
                status = self.running.wait() => status,
                never = drained => never,
            }
        };
        let status = timeout(FAREWELL, ended).await;
        self.running.end(Duration::ZERO).await;
        status.ok()?.ok()
    }

    /// Ends it and returns its result.
    pub(super) async fn end(mut self, veil: &Veil) -> Left {
        drop(self.input.take());
        // A process about to exit by itself reports its status.
        let status = timeout(LAST_WORDS, self.running.wait()).await;
        let status = status.ok().and_then(Result::ok);
        self.running.end(Duration::ZERO).await;
        let mut bytes = Vec::new();
        let mut errors = (&mut self.errors).take(MOST_ERRORS);
        // An escaped descendant may hold the pipe open.
        drop(timeout(LAST_WORDS, errors.read_to_end(&mut bytes)).await);
        Left {
            status,
            errors: last_lines(&String::from_utf8_lossy(&bytes), veil),
        }
    }
}

fn last_lines(text: &str, veil: &Veil) -> Vec<String> {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let surplus = lines.len().saturating_sub(MOST_LINES);
    lines
        .into_iter()
        .skip(surplus)
        .map(|line| veil.fit(line.as_bytes()))
        .collect()
}

const LONGEST_LINE: u64 = 4 * 1024 * 1024;
const MOST_ERRORS: u64 = 256 * 1024;
const MOST_LINES: usize = 5;
const FAREWELL: Duration = Duration::from_secs(5);
const LAST_WORDS: Duration = Duration::from_millis(250);
