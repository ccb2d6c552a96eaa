//! A program in a Windows job object, which contains all of its descendants. The program starts
//! suspended and is resumed inside the job, so that no descendant escapes. This process holds the
//! only handle to the job; the kernel ends the job when the handle is closed, however this process
//! ends.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use process_wrap::tokio::{ChildWrapper, CommandWrap, JobObject, KillOnDrop};
use tokio::process::Command;
use tokio::time::timeout;

use crate::pipes::Pipes;

/// A program and its job. Dropping it ends both.
#[derive(Debug)]
pub(crate) struct Job {
    child: Box<dyn ChildWrapper>,
}

impl Job {
    /// Starts `command`, whose standard streams are pipes.
    pub(crate) fn start(command: Command) -> io::Result<(Self, Pipes)> {
        let mut command = CommandWrap::from(command);
        command.wrap(KillOnDrop).wrap(JobObject);
        let mut child = command.spawn()?;
        let pipes = Pipes::of(
            child.stdin().take(),
            child.stdout().take(),
            child.stderr().take(),
        );
        Ok((Self { child }, pipes))
    }

    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for the program; descendants may keep running.
    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.inner_mut().wait().await
    }

    /// Ends the job and waits briefly for its program.
    pub(crate) async fn end(mut self) {
        // Fails if it has already ended.
        self.child.start_kill().ok();
        drop(timeout(FAREWELL, self.wait()).await);
    }
}

const FAREWELL: Duration = Duration::from_secs(2);
