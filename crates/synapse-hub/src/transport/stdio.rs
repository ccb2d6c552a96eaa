//! A conversation with a program over its stdin and stdout.
//!
//! The program runs under a guard, which ends its whole process tree in any case. A program that
//! exits on the modern probe is started once more, with `initialize`; it is never restarted
//! otherwise.

use std::fmt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use synapse_mcp::JsonObject;
use synapse_mcp::client::{
    AtProbe, CallError, Caps, ClientIntroduction, Conversation, Eras, Hello, LineConversation,
    Negotiation, Outgoing, Unopened,
};
use synapse_process::{Guard, Program, Running};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::stderr::{Cleaner, ErrorLog, LastLines, drain};

/// An MCP program on stdin and stdout.
pub struct StdioServer {
    /// The program, with its arguments, environment and directory.
    pub program: Program,
    /// Ends its descendants.
    pub guard: Guard,
    /// The client info and eras.
    pub introduction: ClientIntroduction,
    /// Limits of a message.
    pub caps: Caps,
    /// Maximum time until its first answer, including a second start.
    pub start: Duration,
    /// Removes secrets and control characters from its stderr.
    pub cleaner: Cleaner,
    /// Receives its stderr.
    pub log: Option<Arc<dyn ErrorLog>>,
}

/// A conversation with a program. Dropping it ends the program with all of its descendants.
#[derive(Debug)]
pub struct StdioConversation {
    lines: LineConversation,
    process: Process,
    stop: mpsc::Sender<()>,
    keeper: tokio::sync::Mutex<Option<JoinHandle<()>>>,
}

/// A started program from the outside. Cheap to clone; does not keep it alive.
#[derive(Debug, Clone)]
pub struct Process {
    id: Option<u32>,
    ending: watch::Receiver<Option<Exit>>,
    last_lines: LastLines,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this status.
    Exited(ExitStatus),
    /// It was ended, or its status is unknown.
    Ended,
}

/// Why no conversation with a program was opened. The program has ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The program could not be started.
    #[error("the program could not be started")]
    Start(#[source] std::io::Error),
    /// It was started, but no conversation was opened.
    #[error("no conversation was opened")]
    Open {
        /// The error.
        #[source]
        error: CallError,
        /// How it ended, if by itself.
        ending: Option<Exit>,
        /// The last lines of its stderr, cleaned.
        last_lines: Vec<String>,
    },
}

impl StdioServer {
    /// Starts the program and opens a conversation within [`StdioServer::start`]. Needs a tokio
    /// runtime with I/O and time.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn open(self) -> Result<StdioConversation, StartError> {
        let until = Instant::now() + self.start;
        match self.attempt(self.introduction.clone(), until).await {
            Err(FailedAttempt {
                at_probe: AtProbe::Ended,
                ..
            }) if Instant::now() < until => {
                let mut introduction = self.introduction.clone();
                introduction.eras = Eras::Legacy;
                let mut opened = self
                    .attempt(introduction, until)
                    .await
                    .map_err(StartError::from)?;
                opened.lines.hello_mut().negotiation = Negotiation::Exited;
                Ok(opened)
            }
            outcome => outcome.map_err(StartError::from),
        }
    }

    async fn attempt(
        &self,
        introduction: ClientIntroduction,
        until: Instant,
    ) -> Result<StdioConversation, FailedAttempt> {
        let starting = self.program.clone().start(&self.guard);
        let mut running = match timeout_at(until, starting).await {
            Ok(started) => {
                started.map_err(|error| FailedAttempt::from(StartError::Start(error)))?
            }
            Err(_) => {
                let error = std::io::Error::from(std::io::ErrorKind::TimedOut);
                return Err(StartError::Start(error).into());
            }
        };
        let (Some(input), (Some(output), Some(errors))) = (running.input(), running.outputs())
        else {
            let error = std::io::Error::other("a pipe is missing");
            return Err(StartError::Start(error).into());
        };
        let last_lines = LastLines::default();
        let drained = tokio::spawn(drain(
            errors,
            last_lines.clone(),
            Arc::clone(&self.cleaner),
            self.log.clone(),
        ));
        let (ended, ending) = watch::channel(None);
        let (stop, stopped) = mpsc::channel(1);
        let process = Process {
            id: running.id(),
            ending,
            last_lines,
        };
        let keeper = tokio::spawn(keep(running, stopped, ended, drained, self.log.clone()));
        let left = until.saturating_duration_since(Instant::now());
        match LineConversation::open(output, input, introduction, self.caps, left).await {
            Ok(lines) => Ok(StdioConversation {
                lines,
                process,
                stop,
                keeper: tokio::sync::Mutex::new(Some(keeper)),
            }),
            Err(Unopened { error, at_probe }) => {
                // A program that closes its output is about to exit: its status is more
                // informative.
                let ending = match error {
                    CallError::Ended { .. } => process.ending(LAST_WORDS).await,
                    _ => None,
                };
                drop(stop);
                drop(keeper.await);
                Err(FailedAttempt {
                    at_probe,
                    error: StartError::Open {
                        error,
                        ending: ending.filter(|ending| matches!(ending, Exit::Exited(_))),
                        last_lines: process.last_lines(),
                    },
                })
            }
        }
    }
}

/// An attempt that failed.
struct FailedAttempt {
    at_probe: AtProbe,
    error: StartError,
}

impl From<StartError> for FailedAttempt {
    fn from(error: StartError) -> Self {
        Self {
            at_probe: AtProbe::No,
            error,
        }
    }
}

impl From<FailedAttempt> for StartError {
    fn from(attempt: FailedAttempt) -> Self {
        attempt.error
    }
}

/// Owns the program: waits for its exit, or ends it on request or when all handles are gone.
async fn keep(
    mut running: Running,
    mut stopped: mpsc::Receiver<()>,
    ended: watch::Sender<Option<Exit>>,
    drained: JoinHandle<()>,
    log: Option<Arc<dyn ErrorLog>>,
) {
    let by_itself = tokio::select! {
        status = running.wait() => Some(status),
        _ = stopped.recv() => None,
    };
    let ending = match by_itself {
        Some(Ok(status)) => {
            // Its last output, before the exit is reported.
            drop(timeout(LAST_WORDS, drained).await);
            note_end(log.as_deref(), status);
            Exit::Exited(status)
        }
        Some(Err(_)) | None => Exit::Ended,
    };
    if by_itself_has_ended(ending) {
        ended.send_replace(Some(ending));
    }
    let status = running.end(PATIENCE).await;
    if !by_itself_has_ended(ending) {
        ended.send_replace(Some(status.map_or(Exit::Ended, Exit::Exited)));
    }
}

/// The last line of its log: a program that ended by itself has its exit code there.
fn note_end(log: Option<&dyn ErrorLog>, status: ExitStatus) {
    let Some(log) = log else {
        return;
    };
    match status.code() {
        // What it was asked for.
        Some(0) => {}
        Some(code) => log.line(&format!("{ENDED_WITH}{code}")),
        None => log.line(&format!("ended by {status}")),
    }
}

/// The prefix of a log line with an exit code.
pub const ENDED_WITH: &str = "ended with code ";

const fn by_itself_has_ended(ending: Exit) -> bool {
    matches!(ending, Exit::Exited(_))
}

impl StdioConversation {
    /// The program.
    #[must_use]
    pub fn process(&self) -> Process {
        self.process.clone()
    }
}

impl Process {
    /// Its process id.
    #[must_use]
    pub const fn id(&self) -> Option<u32> {
        self.id
    }

    /// How it ended; waits at most `patience`.
    pub async fn ending(&self, patience: Duration) -> Option<Exit> {
        let mut ending = self.ending.clone();
        match timeout(patience, ending.wait_for(Option::is_some)).await {
            Ok(Ok(ending)) => *ending,
            Ok(Err(_)) | Err(_) => None,
        }
    }

    /// The last lines of its stderr, cleaned.
    #[must_use]
    pub fn last_lines(&self) -> Vec<String> {
        self.last_lines.get()
    }
}

#[async_trait]
impl Conversation for StdioConversation {
    fn hello(&self) -> &Hello {
        self.lines.hello()
    }

    async fn request(&self, outgoing: Outgoing) -> Result<JsonObject, CallError> {
        self.lines.request(outgoing).await
    }

    fn is_open(&self) -> bool {
        self.lines.is_open() && self.process.ending.borrow().is_none()
    }

    /// Closes its stdin, waits for its exit, and has the guard end the rest: SIGTERM first, SIGKILL
    /// soon after.
    async fn close(&self) {
        self.lines.close_input();
        let _ending = self.process.ending(PATIENCE).await;
        self.stop.try_send(()).ok();
        let keeper = self.keeper.lock().await.take();
        if let Some(keeper) = keeper {
            drop(keeper.await);
        }
        self.lines.close().await;
    }
}

impl fmt::Debug for StdioServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StdioServer")
            .field("introduction", &self.introduction)
            .field("start", &self.start)
            .finish_non_exhaustive()
    }
}

/// Time for a program to exit after its stdin is closed.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time for exit status and remaining stderr after its output closed.
const LAST_WORDS: Duration = Duration::from_millis(500);
