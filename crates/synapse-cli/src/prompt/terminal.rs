//! One line from the terminal, of which nothing is shown. The terminal is mute before the prompt
//! appears, so that a fast hand is not seen either, and is given back as it was, also to Ctrl-C.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write as _};
use std::thread;
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

/// Shows `prompt` and waits for a line.
///
/// # Errors
/// When there is no terminal, its input ends, or Ctrl-C is pressed, whose signal then follows.
pub(super) fn line(prompt: &str) -> io::Result<String> {
    let mut terminal = File::options().read(true).write(true).open("/dev/tty")?;
    let mute = Mute::new(terminal.try_clone()?)?;
    let keys = Keys {
        terminal: terminal.try_clone()?,
        interrupt: mute.before.special_codes[SpecialCodeIndex::VINTR],
    };
    // It edits the line; the terminal is ours to set.
    let config = rpassword::ConfigBuilder::new()
        .input_reader(keys)
        .output_writer(terminal.try_clone()?)
        .build();
    let line = rpassword::prompt_password_with_config(prompt, config);
    drop(mute);
    writeln!(terminal)?;
    if matches!(&line, Err(error) if error.kind() == ErrorKind::Interrupted) {
        kill_process(getpid(), Signal::INT)?;
        // It ends the process, at once or by whoever waits for it: no failure is to come first.
        thread::park_timeout(TO_END);
    }
    line
}

/// A terminal that shows no key and sends no signal, until it is dropped.
struct Mute {
    terminal: File,
    before: Termios,
}

impl Mute {
    fn new(terminal: File) -> io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut mute = before.clone();
        mute.local_modes -=
            LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        mute.special_codes[SpecialCodeIndex::VMIN] = 1;
        mute.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&terminal, OptionalActions::Now, &mute)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Mute {
    fn drop(&mut self) {
        // A terminal that is gone has nothing to be given back.
        let _gone = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

/// What is typed. The key that interrupts ends the reading and not the process, which has the
/// terminal to give back.
struct Keys {
    terminal: File,
    interrupt: u8,
}

impl Read for Keys {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.terminal.read(buffer)?;
        match buffer.iter().take(count).any(|key| *key == self.interrupt) {
            true => Err(ErrorKind::Interrupted.into()),
            false => Ok(count),
        }
    }
}

/// Where the signal is ignored, the prompt fails after that.
const TO_END: Duration = Duration::from_secs(2);
