//! Programs that outlive their starter, such as the user's browser.

use std::io;
use std::process::Stdio;

use tokio::process::Command;

use crate::Program;

impl Program {
    /// Starts it detached, in its own process group without stdin, stdout and stderr. Needs a tokio
    /// runtime with I/O.
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
        // tokio reaps a dropped child.
        command.spawn().map(drop)
    }
}
