//! One line from the terminal, of which nothing is shown. The terminal is mute before the prompt
//! appears, so that a fast hand is not seen either, and is given back as it was, also to Ctrl-C.

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
    /// With this line.
    Line(String),
    /// With more than one line, all of which were thrown away.
    Several,
    /// With Esc, with Ctrl-D, or with the terminal.
    Left,
    /// With Ctrl-C. No signal was sent.
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
        // It ends the process, at once or by whoever waits for it: no failure is to come first.
        thread::park_timeout(TO_END);
    }
    line
}

/// Shows `prompt` and waits for one line, or for a key that leaves. What was pasted beyond that line
/// is thrown away, so that no later question takes it for its answer.
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

/// What a lone Esc does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escape {
    Ignored,
    Leaves,
}

/// What came after the line, at once.
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
    // It edits the line; the terminal is ours to set.
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
        // The end of a terminal is no line, and neither is the key that ends the input.
        let leaves = pressed.is_empty() || pressed == [CTRL_D] || pressed == [ESC];
        if self.escape == Escape::Leaves && leaves {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        self.waiting.extend(pressed);
        Ok(())
    }

    /// Takes what comes after the line, which is part of the same paste when it is there at once.
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

/// [`Pressed`], of which something is left when the line was read.
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

/// Where the signal is ignored, the prompt fails after that.
const TO_END: Duration = Duration::from_secs(2);
/// How long the rest of a paste may take to arrive.
const AT_ONCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 20_000_000,
};
/// A paste is not followed any further.
const MOST: usize = 64 * 1024;
const ESC: u8 = 0x1b;
const CTRL_D: u8 = 0x04;
