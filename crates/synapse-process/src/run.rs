//! Runs a program to its end, within limits.
//!
//! **Invariant:** what a program writes is wiped from memory when its [`Ending`] is dropped.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use secrecy::zeroize::Zeroizing;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::{Instant, timeout_at};

use crate::running::Running;
use crate::{Guard, Program};

/// How long a program may take, and how much it may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// It is ended when it takes longer.
    pub deadline: Duration,
    /// It is ended when it writes more bytes to stdout.
    pub stdout: usize,
    /// How many bytes of stderr are kept; the rest is read and dropped.
    pub stderr: usize,
}

/// What a program did that came to its end.
pub struct Ending {
    /// How it ended.
    pub status: ExitStatus,
    /// All of its stdout.
    pub stdout: Zeroizing<Vec<u8>>,
    /// The beginning of its stderr.
    pub stderr: Zeroizing<Vec<u8>>,
}

/// Why a program came to no end of its own. It was ended, with everything that it had started.
#[derive(Debug)]
pub enum Trouble {
    /// It could not be started, or its output not be read.
    Start(io::Error),
    /// It did not end before the deadline.
    Late,
    /// It wrote more than its owner reads.
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

/// What becomes of what a program leaves running when it ends by itself and succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remains {
    Ended,
    Kept,
}

impl Program {
    /// Runs it without stdin to its end, and ends whatever it leaves. Needs a tokio runtime with
    /// I/O and time.
    ///
    /// # Errors
    /// The [`Trouble`]. Dropping the future ends the program, too.
    pub async fn run(self, guard: &Guard, limits: Limits) -> Result<Ending, Trouble> {
        self.finish(guard, limits, Remains::Ended).await
    }

    /// [`Program::run`] for a program that leaves a service to later runs, such as gpg does with its
    /// agent: what it leaves when it succeeds lives on.
    ///
    /// # Errors
    /// As [`Program::run`].
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
            // Nothing may be left, and then this costs nothing: not waited for.
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

/// Everything that `pipe` brings, or `TooMuch` at the first byte beyond `cap`.
async fn read(pipe: impl AsyncRead + Unpin, cap: usize) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    // Large enough from the start: a vector that grows leaves its old buffer behind.
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

/// The beginning of what `pipe` brings; the rest is read, so that the writer can end, and dropped.
async fn read_beginning(mut pipe: impl AsyncRead + Unpin, cap: usize) -> Zeroizing<Vec<u8>> {
    let mut beginning = Zeroizing::new(Vec::with_capacity(cap + SPARE));
    let mut limited = (&mut pipe).take(cap as u64);
    // What cannot be read tells nothing.
    drop(limited.read_to_end(&mut beginning).await);
    let mut rest = Zeroizing::new([0_u8; 4096]);
    while let Ok(1..) = pipe.read(rest.as_mut_slice()).await {}
    beginning
}

/// `read_to_end` asks for spare room before it believes that the end is reached.
const SPARE: usize = 64;
