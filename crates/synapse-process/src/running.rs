//! A running program, as its owner sees it.

use std::fmt;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::timeout;

#[cfg(unix)]
use crate::guard::Guarded;
#[cfg(windows)]
use crate::job::Job;
use crate::pipes::{Input, Output, Pipes};
use crate::{Guard, Program};

/// A running program. Dropping it ends the program with all of its descendants.
pub struct Running {
    input: Option<Input>,
    output: Option<Output>,
    errors: Option<Output>,
    tree: Tree,
}

#[derive(Debug)]
enum Tree {
    #[cfg(unix)]
    Guarded(Box<Guarded>),
    #[cfg(windows)]
    InJob(Job),
    Alone(Box<Alone>),
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
                    tree: Tree::Guarded(Box::new(guarded)),
                })
            }
            #[cfg(windows)]
            Some(_) => {
                let (job, pipes) = Job::start(command(&self))?;
                Ok(pipes.running(Tree::InJob(job)))
            }
            _ => Alone::start(&self),
        }
    }
}

impl Running {
    /// Takes its stdin; `None` after the first call. Dropping the stdin closes it.
    pub fn input(&mut self) -> Option<Input> {
        self.input.take()
    }

    /// Takes its stdout and stderr; `None` after the first call.
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
            #[cfg(windows)]
            Tree::InJob(job) => job.id(),
            Tree::Alone(alone) => alone.child.id(),
        }
    }

    /// Waits until it ends by itself. Its descendants may live on until this is dropped. Cancel
    /// safe.
    ///
    /// # Errors
    /// Its status is unknown, because its guard was killed.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        match &mut self.tree {
            #[cfg(unix)]
            Tree::Guarded(guarded) => guarded.wait().await,
            #[cfg(windows)]
            Tree::InJob(job) => job.wait().await,
            Tree::Alone(alone) => alone.wait().await,
        }
    }

    /// Ends it: closes its stdin and, after `patience`, terminates and then kills everything still
    /// running. Returns its status if it ended within `patience`.
    pub async fn end(mut self, patience: Duration) -> Option<ExitStatus> {
        self.close_input();
        if let (Tree::Alone(alone), true) = (&mut self.tree, patience.is_zero()) {
            // Once it is reaped, its group id may belong to another process.
            alone.kill();
        }
        let status = timeout(patience, self.wait()).await;
        drop((self.output.take(), self.errors.take()));
        match self.tree {
            #[cfg(unix)]
            Tree::Guarded(guarded) => guarded.end().await,
            #[cfg(windows)]
            Tree::InJob(job) => job.end().await,
            Tree::Alone(alone) => alone.end().await,
        }
        status.ok()?.ok()
    }

    /// Leaves it and all of its descendants running, except for a guarded program on Windows: a job
    /// object ends with its owner.
    pub fn release(self) {
        match self.tree {
            #[cfg(unix)]
            Tree::Guarded(guarded) => guarded.release(),
            #[cfg(windows)]
            Tree::InJob(job) => drop(job),
            Tree::Alone(alone) => alone.release(),
        }
    }
}

impl Pipes {
    fn running(self, tree: Tree) -> Running {
        let Self {
            input,
            output,
            errors,
        } = self;
        Running {
            input,
            output,
            errors,
            tree,
        }
    }
}

/// The command for `program`, with pipes for stdin, stdout and stderr.
fn command(program: &Program) -> Command {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the crate that starts programs"
    )]
    let mut command = Command::new(&program.path);
    let environment = program.environment.iter();
    command
        .args(&program.arguments)
        .env_clear()
        .envs(environment.map(|(name, value)| (name, value)))
        .current_dir(&program.directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    #[cfg(unix)]
    command.process_group(0);
    command
}

/// A program without a guard, in its own process group.
#[derive(Debug)]
struct Alone {
    child: Child,
    /// Whether it still has to be ended.
    lives: bool,
}

impl Alone {
    fn start(program: &Program) -> io::Result<Running> {
        let mut child = command(program).spawn()?;
        let pipes = Pipes::of(child.stdin.take(), child.stdout.take(), child.stderr.take());
        Ok(pipes.running(Tree::Alone(Box::new(Self { child, lives: true }))))
    }

    async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        // From now on the group id may be reused.
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
            // Best effort: it may be gone already.
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

/// Time for a killed process to disappear.
const FAREWELL: Duration = Duration::from_secs(2);
