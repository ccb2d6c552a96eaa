//! Programs that outlive their starter: a browser of the user.

use std::io;
use std::process::Stdio;

use tokio::process::Command;

use crate::Program;

impl Program {
    /// Starts it in a process group of its own, without stdin, stdout and stderr, and lets it live:
    /// nobody waits for it, and nobody ends it. Needs a tokio runtime with I/O.
    ///
    /// # Errors
    /// It could not be started.
    pub fn launch(self) -> io::Result<()> {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the crate that starts programs"
        )]
        let mut command = Command::new(&self.path);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        #[cfg(unix)]
        command.process_group(0);
        // tokio reaps a child that was dropped.
        command.spawn().map(drop)
    }
}
