//! Runs this program as a user or an IDE would: as a child with an almost empty environment.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use synapse_process::{Ending, Input, Limits, Output, Running, Trouble};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::compose;
use crate::environment::SYNAPSE_HOME;

/// This program, with its own home directory.
#[derive(Debug, Clone)]
pub(super) struct DemoProgram {
    executable: PathBuf,
    home: PathBuf,
}

impl DemoProgram {
    pub(super) fn new(executable: PathBuf, home: &Path) -> Self {
        Self {
            executable,
            home: home.to_owned(),
        }
    }

    /// Runs a command to its end.
    pub(super) fn run(&self, arguments: &[&str]) -> io::Result<Ending> {
        let command = self.command(arguments);
        let ending = runtime()?.block_on(command.run(&compose::guard(), LIMITS));
        ending.map_err(|trouble| match trouble {
            Trouble::Start(error) => error,
            Trouble::Late => io::Error::other("it did not end within a minute"),
            Trouble::TooMuch => io::Error::other("it wrote more than 1 MiB"),
        })
    }

    /// Starts `synapse serve` the way an IDE does.
    pub(super) fn serve(&self) -> io::Result<ServerSession> {
        let runtime = runtime()?;
        let mut running = runtime.block_on(self.command(&["serve"]).start(&compose::guard()))?;
        let (Some(output), Some(errors)) = running.outputs() else {
            return Err(io::Error::other("a pipe is missing"));
        };
        Ok(ServerSession {
            input: running.input(),
            lines: BufReader::new(output).lines(),
            errors,
            running,
            runtime,
        })
    }

    fn command(&self, arguments: &[&str]) -> synapse_process::Program {
        synapse_process::Program::new(&self.executable)
            .arguments(arguments)
            .variables([(SYNAPSE_HOME, &self.home)])
            .directory(&self.home)
    }
}

/// A running server and the ends of its pipes.
pub(super) struct ServerSession {
    input: Option<Input>,
    lines: Lines<BufReader<Output>>,
    errors: Output,
    /// Ended with everything that it started when this is dropped.
    running: Running,
    runtime: Runtime,
}

impl ServerSession {
    /// Sends one message.
    pub(super) fn send(&mut self, message: &Value) -> io::Result<()> {
        let input = self
            .input
            .as_mut()
            .ok_or_else(|| io::Error::other("stdin is closed"))?;
        self.runtime.block_on(async {
            input.write_all(format!("{message}\n").as_bytes()).await?;
            input.flush().await
        })
    }

    /// Sends a request and waits for its reply.
    pub(super) fn ask(&mut self, request: &Value) -> io::Result<Value> {
        self.send(request)?;
        let line = async { timeout(PATIENCE, self.lines.next_line()).await };
        match self.runtime.block_on(line) {
            Ok(Ok(Some(line))) => serde_json::from_str(&line).map_err(io::Error::other),
            Ok(Ok(None)) => Err(io::Error::other("the server ended")),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(io::Error::other("no reply within 20 s")),
        }
    }

    /// Closes stdin, as an IDE does when it quits, and waits for the exit; returns how long it
    /// took.
    pub(super) fn close(mut self) -> io::Result<Duration> {
        let began = Instant::now();
        drop(self.input.take());
        let ended = async { timeout(PATIENCE, self.running.wait()).await };
        let status = self.runtime.block_on(ended);
        let status =
            status.map_err(|_| io::Error::other("the server did not end within 20 s"))??;
        if status.success() {
            return Ok(began.elapsed());
        }
        let mut said = Vec::new();
        let mut errors = (&mut self.errors).take(MOST_ERRORS);
        self.runtime.block_on(errors.read_to_end(&mut said))?;
        let said = String::from_utf8_lossy(&said);
        Err(io::Error::other(format!(
            "the server ended with {status}: {}",
            said.trim_end()
        )))
    }
}

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

const PATIENCE: Duration = Duration::from_secs(20);
const LIMITS: Limits = Limits {
    deadline: Duration::from_secs(60),
    stdout: 1024 * 1024,
    stderr: 64 * 1024,
};
const MOST_ERRORS: u64 = 4 * 1024;
