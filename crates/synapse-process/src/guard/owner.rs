//! The owner's handle of a guarded program.

use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream as Pair;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::NAME;
use super::wire::{KEEP, TOLD, Told, encode, send_pipes, understand};
use crate::Program;

/// The owner's ends of the pipes.
pub(crate) struct OwnerPipes {
    pub(crate) input: Sender,
    pub(crate) output: Receiver,
    pub(crate) errors: Receiver,
}

/// A program and its guard. Dropping it closes the socket, which ends the program.
#[derive(Debug)]
pub(crate) struct Guarded {
    socket: UnixStream,
    /// Reaped by tokio when it ends, even after this is dropped.
    guard: Child,
    id: u32,
    status: Option<ExitStatus>,
    /// The part of the guard's next message that has arrived.
    told: Vec<u8>,
}

impl Guarded {
    pub(crate) async fn start(guard: &Path, program: &Program) -> io::Result<(Self, OwnerPipes)> {
        let (theirs, input) = io::pipe()?;
        let (output, their_output) = io::pipe()?;
        let (errors, their_errors) = io::pipe()?;
        let (ours, at_guard) = Pair::pair()?;
        let guard = spawn(guard, at_guard)?;
        let pipes = [theirs.as_fd(), their_output.as_fd(), their_errors.as_fd()];
        send_pipes(&ours, pipes)?;
        drop((theirs, their_output, their_errors));
        ours.set_nonblocking(true)?;
        let mut guarded = Self {
            socket: UnixStream::from_std(ours)?,
            guard,
            id: 0,
            status: None,
            told: Vec::new(),
        };
        guarded.socket.write_all(&encode(program)).await?;
        match guarded.hear().await? {
            Told::Started(id) => guarded.id = id.cast_unsigned(),
            Told::Refused(0) => return Err(io::Error::other("it could not be started")),
            Told::Refused(number) => return Err(io::Error::from_raw_os_error(number)),
            Told::Ended(_) => return Err(confused()),
        }
        let pipes = OwnerPipes {
            input: Sender::from_owned_fd(input.into())?,
            output: Receiver::from_owned_fd(output.into())?,
            errors: Receiver::from_owned_fd(errors.into())?,
        };
        Ok((guarded, pipes))
    }

    pub(crate) const fn id(&self) -> u32 {
        self.id
    }

    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        if let Some(status) = self.status {
            return Ok(status);
        }
        match self.hear().await? {
            Told::Ended(status) => Ok(*self.status.insert(ExitStatus::from_raw(status))),
            Told::Started(_) | Told::Refused(_) => Err(confused()),
        }
    }

    /// Ends everything and waits for it.
    pub(crate) async fn end(self) {
        let Self {
            socket, mut guard, ..
        } = self;
        drop(socket);
        drop(timeout(FAREWELL, guard.wait()).await);
    }

    /// Leaves everything running.
    pub(crate) fn release(self) {
        // If the guard is unreachable, it is gone and ends nothing either.
        drop(self.socket.try_write(&[KEEP]));
    }

    /// Receives the guard's next message. Cancel safe.
    async fn hear(&mut self) -> io::Result<Told> {
        while self.told.len() < TOLD {
            let mut byte = [0];
            match self.socket.read(&mut byte).await? {
                0 => return Err(io::Error::other("its guard was ended")),
                _ => self.told.extend(byte),
            }
        }
        let told = self.told.drain(..).collect::<Vec<_>>();
        let told = told.try_into().map_err(|_| confused())?;
        understand(told).ok_or_else(confused)
    }
}

fn spawn(program: &Path, socket: Pair) -> io::Result<Child> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the crate that starts programs"
    )]
    let mut command = std::process::Command::new(program);
    command
        .arg0(NAME)
        // Shown by `ps`.
        .arg(std::process::id().to_string())
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(socket)))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Command::from(command).spawn()
}

fn confused() -> io::Error {
    io::Error::other("its guard says what no guard says")
}

/// Longer than a guard takes to end its tree.
const FAREWELL: Duration = Duration::from_secs(12);
