//! A terminal with a program at it, and somebody who reads the screen and types. Between the two
//! stands what stands there in life: somebody who started the program, to whom the terminal belongs
//! and who gets it back as it was.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{ioctl_tiocsctty, setsid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};
use tokio::signal::unix::{SignalKind, signal};

use crate::PATIENCE;
use crate::output::Output;
use crate::process::{Killed, Run};

/// A program that runs at a terminal. Dropping it kills the program.
#[derive(Debug)]
pub struct Terminal {
    shell: Killed,
    keyboard: File,
    output: Receiver<Vec<u8>>,
    screen: Vec<u8>,
}

impl Terminal {
    /// The key that interrupts.
    pub const CTRL_C: &'static str = "\u{3}";
    /// The key that ends the input, on an empty line.
    pub const CTRL_D: &'static str = "\u{4}";

    /// Starts `run`, the twin, with a terminal of its own for stdin, stdout and stderr.
    ///
    /// # Panics
    /// When there is no terminal left, or the program cannot be started.
    #[must_use]
    pub fn start(run: Run) -> Self {
        Self::of_size(run, 200, 24)
    }

    /// As [`Terminal::start`], with a terminal of so many columns and rows.
    ///
    /// # Panics
    /// As [`Terminal::start`].
    #[must_use]
    pub fn of_size(run: Run, columns: u16, rows: u16) -> Self {
        let (ours, theirs) = pair(columns, rows).expect("there is a terminal");
        let shell = run.env(SHELL, "1").spawn_at(theirs);
        let mut view = ours.try_clone().expect("a descriptor can be copied");
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
            shell,
            keyboard: ours,
            output,
            screen: Vec::new(),
        }
    }

    /// Waits until the screen shows `text`.
    ///
    /// # Panics
    /// When it does not in time.
    pub fn wait_for(&mut self, text: &str) {
        while !self.seen().contains(text) {
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => self.screen.extend(bytes),
                Err(_) => panic!("no `{text}` on the screen:\n{}", self.seen()),
            }
        }
    }

    /// Presses these keys.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn press(&mut self, keys: &str) {
        let pressed = self.keyboard.write_all(keys.as_bytes());
        pressed.expect("the terminal is there");
    }

    /// Types a line.
    ///
    /// # Panics
    /// As [`Terminal::press`].
    pub fn type_line(&mut self, text: &str) {
        self.press(&format!("{text}\n"));
    }

    /// Waits for the end of the program and gives all that was on the screen as its stdout, and its
    /// exit code as shells tell it: 128 and the signal, when one ended it.
    ///
    /// # Panics
    /// When it does not end in time, or leaves the terminal other than it was.
    #[must_use]
    pub fn finish(mut self) -> Output {
        loop {
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => self.screen.extend(bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it did not end:\n{}", self.seen()),
            }
        }
        let status = self.shell.0.wait().expect("a child can be waited for");
        let screen = self.seen();
        assert!(!screen.contains(CHANGED), "{screen}");
        Output {
            code: code(status),
            stdout: screen,
            stderr: String::new(),
        }
    }

    /// All that was on the screen so far.
    #[must_use]
    pub fn seen(&self) -> String {
        String::from_utf8_lossy(&self.screen).replace("\r\n", "\n")
    }
}

/// Where [`Terminal`] asks the twin for it, runs the twin again at the terminal, as a shell would: the
/// terminal becomes that of this process and of what it starts. Gives the exit code.
///
/// # Panics
/// When the terminal belongs to somebody already.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "a switch of the tests, and what a shell hands on"
)]
pub fn run_as_a_shell() -> Option<u8> {
    std::env::var_os(SHELL)?;
    let terminal = std::io::stdin();
    setsid().expect("a child leads no group");
    ioctl_tiocsctty(&terminal).expect("the terminal is nobody's");
    // Ctrl-C is for what is started here, and not for the shell.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("there is room for a runtime");
    let entered = runtime.enter();
    let interrupts = signal(SignalKind::interrupt()).expect("signals can be handled");
    let before = modes(&tcgetattr(&terminal).expect("it is a terminal"));
    let copy = terminal.as_fd().try_clone_to_owned();
    let program = std::env::current_exe().expect("the twin is a file");
    let mut child = std::env::vars_os()
        .filter(|(name, _)| name != SHELL)
        .fold(
            Run::new(&program, std::env::args_os().skip(1)),
            |run, (name, value)| run.env(&name, value),
        )
        .spawn_at(File::from(copy.expect("a descriptor can be copied")));
    let status = child.0.wait().expect("a child can be waited for");
    drop((interrupts, entered));
    let after = modes(&tcgetattr(&terminal).expect("it is a terminal"));
    if before != after {
        let said = writeln!(std::io::stdout(), "{CHANGED}:\n{before}\n{after}");
        said.expect("the terminal is there");
    }
    u8::try_from(code(status)).ok()
}

const SHELL: &str = "SYNAPSE_TWIN_SHELL";
const CHANGED: &str = "the terminal was left other than it was";

fn modes(terminal: &Termios) -> String {
    format!(
        "{:?} {:?} {:?}",
        terminal.input_modes, terminal.output_modes, terminal.local_modes
    )
}

fn code(status: ExitStatus) -> i32 {
    let signal = status.signal().map(|signal| 128 + signal);
    status.code().or(signal).expect("it ended")
}

/// The two ends of a new terminal: what is seen and typed, and what programs have.
fn pair(columns: u16, rows: u16) -> std::io::Result<(File, File)> {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    fcntl_setfd(&ours, FdFlags::CLOEXEC)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let name = ptsname(&ours, Vec::new())?;
    let path = Path::new(OsStr::from_bytes(name.as_bytes()));
    let theirs = File::options().read(true).write(true).open(path)?;
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&theirs, size)?;
    Ok((ours.into(), theirs))
}
