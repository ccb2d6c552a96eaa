//! A program that runs, as its owner sees it.

use std::fmt;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::process::{Child, Command};
use tokio::time::timeout;

#[cfg(unix)]
use crate::guard::Guarded;
use crate::{Guard, Program};

/// Its stdin.
pub type Input = Box<dyn AsyncWrite + Send + Sync + Unpin>;
/// Its stdout or stderr.
pub type Output = Box<dyn AsyncRead + Send + Sync + Unpin>;

/// A program that runs. Dropping it ends the program with everything that it started.
pub struct Running {
    input: Option<Input>,
    output: Option<Output>,
    errors: Option<Output>,
    tree: Tree,
}

#[derive(Debug)]
enum Tree {
    #[cfg(unix)]
    Guarded(Guarded),
    Alone(Alone),
}

impl fmt::Debug for Running {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Running")
            .field("tree", &self.tree)
            .finish_non_exhaustive()
    }
}

impl Program {
    /// Starts it with pipes for stdin, stdout and stderr. Needs a tokio runtime with I/O and time.
    ///
    /// # Errors
    /// The program or its guard could not be started.
    pub async fn start(self, guard: &Guard) -> io::Result<Running> {
        match &guard.program {
            #[cfg(unix)]
            Some(program) => {
                let (guarded, pipes) = Guarded::start(program, &self).await?;
                Ok(Running {
                    input: Some(Box::new(pipes.input)),
                    output: Some(Box::new(pipes.output)),
                    errors: Some(Box::new(pipes.errors)),
                    tree: Tree::Guarded(guarded),
                })
            }
            _ => Alone::start(&self),
        }
    }
}

impl Running {
    /// Its stdin, the first time; dropping that closes it.
    pub fn input(&mut self) -> Option<Input> {
        self.input.take()
    }

    /// Its stdout and stderr, the first time.
    pub fn outputs(&mut self) -> (Option<Output>, Option<Output>) {
        (self.output.take(), self.errors.take())
    }

    /// Closes its stdin, unless that was taken.
    pub fn close_input(&mut self) {
        drop(self.input.take());
    }

    /// The id of its process, which may have ended.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        match &self.tree {
            #[cfg(unix)]
            Tree::Guarded(guarded) => Some(guarded.id()),
            Tree::Alone(alone) => alone.child.id(),
        }
    }

    /// Waits until it ends by itself. What it started may live on, until this is dropped. Can be
    /// given up and called again.
    ///
    /// # Errors
    /// Its end cannot be told, because its guard was killed.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        match &mut self.tree {
            #[cfg(unix)]
            Tree::Guarded(guarded) => guarded.wait().await,
            Tree::Alone(alone) => alone.wait().await,
        }
    }

    /// Ends it: its stdin is closed, and after `patience` everything that still runs is told to end
    /// and then killed. Gives how it ended, if it did so within `patience`.
    pub async fn end(mut self, patience: Duration) -> Option<ExitStatus> {
        self.close_input();
        if let (Tree::Alone(alone), true) = (&mut self.tree, patience.is_zero()) {
            // Once it is waited for, its group cannot be told from another one.
            alone.kill();
        }
        let status = timeout(patience, self.wait()).await;
        drop((self.output.take(), self.errors.take()));
        match self.tree {
            #[cfg(unix)]
            Tree::Guarded(guarded) => guarded.end().await,
            Tree::Alone(alone) => alone.end().await,
        }
        status.ok()?.ok()
    }

    /// Lets it, and everything that it started, live on.
    pub fn release(self) {
        match self.tree {
            #[cfg(unix)]
            Tree::Guarded(guarded) => guarded.release(),
            Tree::Alone(alone) => alone.release(),
        }
    }
}

/// A program without a guard, in a process group of its own.
#[derive(Debug)]
struct Alone {
    child: Child,
    /// Whether there is something to end.
    lives: bool,
}

impl Alone {
    fn start(program: &Program) -> io::Result<Running> {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the crate that starts programs"
        )]
        let mut command = Command::new(&program.path);
        command
            .args(&program.arguments)
            .env_clear()
            .envs(
                program
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .current_dir(&program.directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn()?;
        let (input, output, errors) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        Ok(Running {
            input: input.map(|pipe| -> Input { Box::new(pipe) }),
            output: output.map(|pipe| -> Output { Box::new(pipe) }),
            errors: errors.map(|pipe| -> Output { Box::new(pipe) }),
            tree: Tree::Alone(Self { child, lives: true }),
        })
    }

    async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        // From now on the number of its group may be somebody else's.
        self.lives = false;
        Ok(status)
    }

    async fn end(mut self) {
        self.kill();
        drop(timeout(FAREWELL, self.child.wait()).await);
    }

    fn release(mut self) {
        self.lives = false;
    }

    fn kill(&mut self) {
        if !std::mem::take(&mut self.lives) {
            return;
        }
        #[cfg(unix)]
        if let Some(group) = self
            .child
            .id()
            .and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()))
        {
            // It may be gone already, which is as good.
            rustix::process::kill_process_group(group, rustix::process::Signal::KILL).ok();
        }
        drop(self.child.start_kill());
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How long a killed process may take to be gone.
const FAREWELL: Duration = Duration::from_secs(2);
