//! Reads one line from the terminal without echo. Echo is off before the prompt appears, so that
//! early typing is hidden too, and the terminal is restored, also on Ctrl-C.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write as _};
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr,
    tcsetattr,
};
use secrecy::zeroize::{Zeroize as _, Zeroizing};

/// How a prompt ended.
pub(super) enum Typed {
    /// A line.
    Line(String),
    /// More than one line; all are discarded.
    Several,
    /// Esc, Ctrl-D, or the end of the terminal.
    Left,
    /// Ctrl-C. No signal was sent.
    Interrupted,
}

/// Shows `prompt` and waits for a line.
///
/// # Errors
/// When there is no terminal, its input ends, or Ctrl-C is pressed, whose signal then follows.
pub(super) fn line(prompt: &str) -> io::Result<String> {
    let (line, _) = read(prompt, Escape::Ignored)?;
    if matches!(&line, Err(error) if error.kind() == ErrorKind::Interrupted) {
        kill_process(getpid(), Signal::INT)?;
        // The signal ends the process, directly or through its handler: no error must be printed
        // first.
        thread::park_timeout(TO_END);
    }
    line
}

/// Shows `prompt` and waits for one line, or for a key that cancels. Pasted text after that line is
/// discarded, so that a later question does not read it as its answer.
///
/// # Errors
/// When there is no terminal.
pub(super) fn line_or_leave(prompt: &str) -> io::Result<Typed> {
    let (line, more) = read(prompt, Escape::Leaves)?;
    Ok(match (line, more) {
        (Ok(mut line), More::Text) => {
            line.zeroize();
            Typed::Several
        }
        (Ok(line), More::Nothing) => Typed::Line(line),
        (Err(error), _) if error.kind() == ErrorKind::Interrupted => Typed::Interrupted,
        (Err(_), _) => Typed::Left,
    })
}

/// The effect of a lone Esc.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escape {
    Ignored,
    Leaves,
}

/// Input that followed the line at once.
enum More {
    Nothing,
    Text,
}

fn read(prompt: &str, escape: Escape) -> io::Result<(io::Result<String>, More)> {
    let mut terminal = File::options().read(true).write(true).open("/dev/tty")?;
    let mute = Mute::new(terminal.try_clone()?)?;
    let keys = Keys(Rc::new(RefCell::new(Pressed {
        terminal: terminal.try_clone()?,
        interrupt: mute.before.special_codes[SpecialCodeIndex::VINTR],
        escape,
        waiting: VecDeque::new(),
    })));
    // rpassword only edits the line; the terminal modes are set here.
    let config = rpassword::ConfigBuilder::new()
        .input_reader(keys.clone())
        .output_writer(terminal.try_clone()?)
        .build();
    let line = rpassword::prompt_password_with_config(prompt, config);
    let more = match escape {
        Escape::Leaves => keys.0.borrow_mut().rest(),
        Escape::Ignored => More::Nothing,
    };
    drop(mute);
    writeln!(terminal)?;
    Ok((line, more))
}

/// A terminal without echo and signals, until it is dropped.
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
        // A closed terminal needs no restoring.
        let _gone = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

/// The typed input. The interrupt key ends the reading rather than the process, which has to
/// restore the terminal.
struct Pressed {
    terminal: File,
    interrupt: u8,
    escape: Escape,
    waiting: VecDeque<u8>,
}

impl Pressed {
    fn fill(&mut self) -> io::Result<()> {
        let mut keys = Zeroizing::new([0; 1024]);
        let count = self.terminal.read(&mut *keys)?;
        let pressed = keys.get(..count).unwrap_or_default();
        if pressed.contains(&self.interrupt) {
            return Err(ErrorKind::Interrupted.into());
        }
        if pressed.is_empty() && self.escape == Escape::Ignored {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        // The end of the terminal is not a line, and neither is the key that ends the input.
        let leaves = pressed.is_empty() || pressed == [CTRL_D] || pressed == [ESC];
        if self.escape == Escape::Leaves && leaves {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        self.waiting.extend(pressed);
        Ok(())
    }

    /// Consumes input after the line, which belongs to the same paste if it is available at once.
    fn rest(&mut self) -> More {
        while is_readable(&self.terminal) && self.fill().is_ok() && self.waiting.len() < MOST {}
        let text = self.waiting.iter().any(|byte| !byte.is_ascii_whitespace());
        self.waiting.iter_mut().for_each(|byte| byte.zeroize());
        self.waiting.clear();
        let _gone = tcflush(&self.terminal, QueueSelector::IFlush);
        if text { More::Text } else { More::Nothing }
    }
}

fn is_readable(terminal: &File) -> bool {
    let mut waited = [PollFd::new(terminal, PollFlags::IN)];
    poll(&mut waited, Some(&AT_ONCE)).is_ok_and(|ready| ready > 0)
}

/// A shared [`Pressed`], to be used after the line is read.
#[derive(Clone)]
struct Keys(Rc<RefCell<Pressed>>);

impl Read for Keys {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut pressed = self.0.borrow_mut();
        if pressed.waiting.is_empty() {
            pressed.fill()?;
        }
        pressed.waiting.read(buffer)
    }
}

/// If the signal is ignored, the prompt fails after this.
const TO_END: Duration = Duration::from_secs(2);
/// How long the rest of a paste may take to arrive.
const AT_ONCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 20_000_000,
};
/// The most bytes of a paste that are read.
const MOST: usize = 64 * 1024;
const ESC: u8 = 0x1b;
const CTRL_D: u8 = 0x04;
