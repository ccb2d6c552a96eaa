//! The one place of this crate that starts a process. It gets the environment that is given and no
//! other, and neither it nor what it started outlives its owner.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::launch::Launched;
use super::veil::Veil;

/// A server that runs.
#[derive(Debug)]
pub(super) struct Child {
    group: Group,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    errors: ChildStderr,
}

/// What a process left.
#[derive(Debug)]
pub(super) struct Left {
    /// How it ended, when it did so by itself.
    pub(super) status: Option<ExitStatus>,
    /// The last lines of its stderr.
    pub(super) errors: Vec<String>,
}

impl Child {
    pub(super) fn start(launched: &Launched) -> io::Result<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place of this crate that starts a process"
        )]
        let mut command = Command::new(&launched.program);
        command
            .args(&launched.arguments)
            .env_clear()
            .envs(&launched.environment)
            .current_dir(&launched.directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // A group of its own, so that what a wrapper started goes with it.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn()?;
        let missing = || io::Error::other("a pipe is missing");
        Ok(Self {
            input: child.stdin.take(),
            output: BufReader::new(child.stdout.take().ok_or_else(missing)?),
            errors: child.stderr.take().ok_or_else(missing)?,
            group: Group::of(child),
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

    /// Reads one line without its end, or as much of a long one as anybody wants to see; `None` at
    /// the end of the stream.
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

    /// Closes its stdin and waits for its end, as a client that quits does; `None` when it had to
    /// be killed.
    pub(super) async fn close(mut self) -> Option<ExitStatus> {
        drop(self.input.take());
        let ended = async {
            let mut nowhere = (tokio::io::sink(), tokio::io::sink());
            // A process that cannot write its last words may never end; one that ended may have
            // left a pipe to others.
            let drained = async {
                let (_, _) = tokio::join!(
                    tokio::io::copy(&mut self.errors, &mut nowhere.0),
                    tokio::io::copy(&mut self.output, &mut nowhere.1),
                );
                std::future::pending().await
            };
            tokio::select! {
                status = self.group.child.wait() => status,
                never = drained => never,
            }
        };
        let status = timeout(FAREWELL, ended).await.ok()?.ok()?;
        self.group.release();
        Some(status)
    }

    /// Ends it and gives what it left.
    pub(super) async fn end(mut self, veil: &Veil) -> Left {
        drop(self.input.take());
        // One that is about to end by itself says how.
        let status = timeout(LAST_WORDS, self.group.child.wait()).await;
        let status = status.ok().and_then(Result::ok);
        self.group.kill();
        let mut bytes = Vec::new();
        let mut errors = (&mut self.errors).take(MOST_ERRORS);
        // A process that escaped may hold the pipe open.
        drop(timeout(LAST_WORDS, errors.read_to_end(&mut bytes)).await);
        Left {
            status,
            errors: last_lines(&String::from_utf8_lossy(&bytes), veil),
        }
    }
}

/// A process and everything that it started, killed when it is dropped.
#[derive(Debug)]
struct Group {
    child: tokio::process::Child,
    /// The id of the group is that of its first process, and stays taken while anybody is in it.
    #[cfg(unix)]
    id: Option<rustix::process::Pid>,
}

impl Group {
    fn of(child: tokio::process::Child) -> Self {
        Self {
            #[cfg(unix)]
            id: child
                .id()
                .and_then(|id| i32::try_from(id).ok())
                .and_then(rustix::process::Pid::from_raw),
            child,
        }
    }

    /// Lets what is left of it live.
    #[cfg(unix)]
    const fn release(&mut self) {
        self.id = None;
    }

    /// Without a group nothing is left.
    #[cfg(not(unix))]
    const fn release(&self) {}

    fn kill(&mut self) {
        #[cfg(unix)]
        if let Some(id) = self.id.take() {
            // A group that is gone needs no signal.
            let _: Result<(), _> =
                rustix::process::kill_process_group(id, rustix::process::Signal::KILL);
        }
        // One that has ended already has nothing to be told.
        drop(self.child.start_kill());
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
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
