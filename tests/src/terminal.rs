//! A terminal with a program at it, and somebody who reads the screen and types.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::PATIENCE;
use crate::process::{Killed, Run};

/// A program that runs at a terminal. Dropping it kills the program.
#[derive(Debug)]
pub struct Terminal {
    program: Killed,
    keyboard: File,
    output: Receiver<Vec<u8>>,
    screen: String,
}

impl Terminal {
    /// Starts `run` with a terminal for stdin, stdout and stderr.
    ///
    /// # Panics
    /// When there is no terminal left, or the program cannot be started.
    #[must_use]
    pub fn start(run: Run) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        let ours = openpt(flags).expect("there is a terminal");
        grantpt(&ours).expect("the terminal is ours");
        unlockpt(&ours).expect("the terminal is ours");
        let name = ptsname(&ours, Vec::new()).expect("the terminal has a name");
        let name = name.to_str().expect("its name is plain");
        let theirs = File::options().read(true).write(true).open(name);
        let theirs = OwnedFd::from(theirs.expect("the terminal can be opened"));
        let program = run.spawn_at(theirs);
        let keyboard = File::from(ours);
        let mut view = keyboard.try_clone().expect("a descriptor can be copied");
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // A terminal whose program is gone gives an error.
            while let Ok(count @ 1..) = view.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            program,
            keyboard,
            output,
            screen: String::new(),
        }
    }

    /// Waits until the screen shows `text`.
    ///
    /// # Panics
    /// When it does not in time.
    pub fn wait_for(&mut self, text: &str) {
        while !self.screen.contains(text) {
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => self.screen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!("no `{text}` on the screen:\n{}", self.screen),
            }
        }
    }

    /// Types a line.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn type_line(&mut self, text: &str) {
        writeln!(self.keyboard, "{text}").expect("the terminal is there");
    }

    /// Waits for the end of the program and gives its exit code and what was on the screen.
    ///
    /// # Panics
    /// When it does not end in time, or is ended by a signal.
    #[must_use]
    pub fn finish(mut self) -> (i32, String) {
        loop {
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => self.screen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it did not end:\n{}", self.screen),
            }
        }
        let status = self.program.0.wait().expect("a child can be waited for");
        let code = status.code().expect("no signal ended it");
        (code, std::mem::take(&mut self.screen))
    }
}
