//! Runs a program to completion, within limits.
//!
//! **Invariant:** a program's output is wiped from memory when its [`Ending`] is dropped.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use secrecy::zeroize::Zeroizing;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::{Instant, timeout_at};

use crate::running::Running;
use crate::{Guard, Program};

/// Limits on a program's run time and output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// It is ended after this time.
    pub deadline: Duration,
    /// It is ended after more bytes of stdout.
    pub stdout: usize,
    /// Bytes of stderr to keep; the rest is read and dropped.
    pub stderr: usize,
}

/// The result of a program that ended by itself.
pub struct Ending {
    /// Its exit status.
    pub status: ExitStatus,
    /// All of its stdout.
    pub stdout: Zeroizing<Vec<u8>>,
    /// The start of its stderr.
    pub stderr: Zeroizing<Vec<u8>>,
}

/// Why a program did not end by itself. It was ended with all of its descendants.
#[derive(Debug)]
pub enum Trouble {
    /// It could not be started, or its output could not be read.
    Start(io::Error),
    /// It did not end before the deadline.
    Late,
    /// It exceeded the limit on stdout.
    TooMuch,
}

impl std::fmt::Debug for Ending {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Ending")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Fate of the processes left by a program that succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remains {
    Ended,
    Kept,
}

impl Program {
    /// Runs it to completion without stdin, and ends its remaining descendants. Needs a tokio
    /// runtime with I/O and time.
    ///
    /// # Errors
    /// The [`Trouble`]. Dropping the future ends the program as well.
    pub async fn run(self, guard: &Guard, limits: Limits) -> Result<Ending, Trouble> {
        self.finish(guard, limits, Remains::Ended).await
    }

    /// [`Program::run`] for a program that leaves a service to later runs, such as gpg its agent:
    /// after success, its descendants live on.
    ///
    /// # Errors
    /// Same as [`Program::run`].
    pub async fn run_keeping_services(
        self,
        guard: &Guard,
        limits: Limits,
    ) -> Result<Ending, Trouble> {
        self.finish(guard, limits, Remains::Kept).await
    }

    async fn finish(
        self,
        guard: &Guard,
        limits: Limits,
        remains: Remains,
    ) -> Result<Ending, Trouble> {
        let deadline = Instant::now() + limits.deadline;
        let nobody = Guard::none();
        let guard = match remains {
            // Nothing outlives a Windows job object.
            Remains::Kept if cfg!(windows) => &nobody,
            _ => guard,
        };
        let mut running = match timeout_at(deadline, self.start(guard)).await {
            Ok(started) => started.map_err(Trouble::Start)?,
            Err(_) => return Err(Trouble::Late),
        };
        running.close_input();
        let ending = match timeout_at(deadline, all_of(&mut running, limits)).await {
            Ok(ending) => ending,
            Err(_) => Err(Trouble::Late),
        };
        match &ending {
            Ok(ending) if remains == Remains::Kept && ending.status.success() => running.release(),
            // Usually nothing is left to end, so this does not wait.
            Ok(_) => drop(running),
            Err(_) => drop(running.end(Duration::ZERO).await),
        }
        ending
    }
}

async fn all_of(running: &mut Running, limits: Limits) -> Result<Ending, Trouble> {
    let (stdout, stderr) = running.outputs();
    let (Some(stdout), Some(stderr)) = (stdout, stderr) else {
        return Err(Trouble::Start(io::Error::other("a pipe is missing")));
    };
    let stderr = async { Ok(read_beginning(stderr, limits.stderr).await) };
    let (stdout, stderr) = tokio::try_join!(read(stdout, limits.stdout), stderr)?;
    let status = running.wait().await.map_err(Trouble::Start)?;
    Ok(Ending {
        status,
        stdout,
        stderr,
    })
}

/// Reads all of `pipe`, or fails with `TooMuch` at the first byte beyond `cap`.
async fn read(pipe: impl AsyncRead + Unpin, cap: usize) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    // Allocated at full size: a growing vector leaves its old buffer in memory unwiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(cap + SPARE));
    let limit = u64::try_from(cap + 1).unwrap_or(u64::MAX);
    pipe.take(limit)
        .read_to_end(&mut bytes)
        .await
        .map_err(Trouble::Start)?;
    if bytes.len() > cap {
        return Err(Trouble::TooMuch);
    }
    Ok(bytes)
}

/// Reads the start of `pipe`; drains and drops the rest, so that the writer can end.
async fn read_beginning(mut pipe: impl AsyncRead + Unpin, cap: usize) -> Zeroizing<Vec<u8>> {
    let mut beginning = Zeroizing::new(Vec::with_capacity(cap + SPARE));
    let mut limited = (&mut pipe).take(cap as u64);
    // Best effort: an unreadable rest is not needed.
    drop(limited.read_to_end(&mut beginning).await);
    let mut rest = Zeroizing::new([0_u8; 4096]);
    while let Ok(1..) = pipe.read(rest.as_mut_slice()).await {}
    beginning
}

/// `read_to_end` needs spare room to detect the end.
const SPARE: usize = 64;
