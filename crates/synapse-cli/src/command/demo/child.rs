//! Runs this very program as a user or an IDE would: as a child with almost no environment.

use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::environment::SYNAPSE_HOME;

/// This program, at home in a directory of its own.
#[derive(Debug, Clone)]
pub(super) struct Program {
    executable: PathBuf,
    home: PathBuf,
}

impl Program {
    pub(super) fn new(executable: PathBuf, home: &Path) -> Self {
        Self {
            executable,
            home: home.to_owned(),
        }
    }

    /// Runs a command to its end.
    pub(super) fn run(&self, arguments: &[&str]) -> io::Result<Output> {
        self.command(arguments).stdin(Stdio::null()).output()
    }

    /// Starts `synapse serve` the way an IDE does.
    pub(super) fn serve(&self) -> io::Result<Session> {
        let mut child = self
            .command(&["serve"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()?;
        let stdout = child
            .stdout
            .take()
            .ok_or_else(|| io::Error::other("no stdout"))?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Session {
            input: child.stdin.take(),
            child,
            lines,
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        #[expect(
            clippy::disallowed_methods,
            reason = "the demo's one place that starts children"
        )]
        let mut command = Command::new(&self.executable);
        command
            .args(arguments)
            .env_clear()
            .env(SYNAPSE_HOME, &self.home);
        command
    }
}

/// A running server and the two ends of its pipe.
#[derive(Debug)]
pub(super) struct Session {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<io::Result<String>>,
}

impl Session {
    /// Sends one message.
    pub(super) fn send(&mut self, message: &Value) -> io::Result<()> {
        let input = self
            .input
            .as_mut()
            .ok_or_else(|| io::Error::other("stdin is closed"))?;
        writeln!(input, "{message}")?;
        input.flush()
    }

    /// Sends a request and waits for its reply.
    pub(super) fn ask(&mut self, request: &Value) -> io::Result<Value> {
        self.send(request)?;
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => serde_json::from_str(&line?).map_err(io::Error::other),
            Err(RecvTimeoutError::Timeout) => Err(io::Error::other("no reply within 20 s")),
            Err(RecvTimeoutError::Disconnected) => Err(io::Error::other("the server ended")),
        }
    }

    /// Closes stdin, as an IDE does when it quits, and waits for the end; gives how long it took.
    pub(super) fn close(mut self) -> io::Result<Duration> {
        let began = Instant::now();
        drop(self.input.take());
        let status = self.child.wait()?;
        if status.success() {
            return Ok(began.elapsed());
        }
        Err(io::Error::other(format!("the server ended with {status}")))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Only a session that was not closed still runs; its status interests nobody then.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

const PATIENCE: Duration = Duration::from_secs(20);
