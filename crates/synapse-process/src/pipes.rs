//! The pipes of a running program.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};

/// Its stdin.
pub type Input = Box<dyn AsyncWrite + Send + Sync + Unpin>;
/// Its stdout or stderr.
pub type Output = Box<dyn AsyncRead + Send + Sync + Unpin>;

/// Our ends of a program's pipes.
pub(crate) struct Pipes {
    pub(crate) input: Option<Input>,
    pub(crate) output: Option<Output>,
    pub(crate) errors: Option<Output>,
}

impl Pipes {
    pub(crate) fn of(
        input: Option<ChildStdin>,
        output: Option<ChildStdout>,
        errors: Option<ChildStderr>,
    ) -> Self {
        Self {
            input: input.map(|pipe| -> Input { Box::new(pipe) }),
            output: output.map(|pipe| -> Output { Box::new(pipe) }),
            errors: errors.map(|pipe| -> Output { Box::new(pipe) }),
        }
    }
}
