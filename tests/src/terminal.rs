//! A pseudo-terminal with a program, and a user who reads the screen and types. A process between
//! them acts as the shell: it owns the terminal and gets it back in its original state.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{ioctl_tiocsctty, setsid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};
use tokio::signal::unix::{SignalKind, signal};

use crate::PATIENCE;
use crate::output::Output;
use crate::process::{Killed, Run};

/// A program on a terminal. Dropping it kills the program.
pub struct Terminal {
    shell: Killed,
    keyboard: File,
    output: Receiver<Vec<u8>>,
    screen: Vec<u8>,
    /// The screen contents.
    emulator: vt100::Parser,
    /// Set when the reader should stop.
    gone: Arc<AtomicBool>,
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("Terminal");
        shown.field("shell", &self.shell).finish_non_exhaustive()
    }
}

impl Terminal {
    /// Interrupt.
    pub const CTRL_C: &'static str = "\u{3}";
    /// End of input, on an empty line.
    pub const CTRL_D: &'static str = "\u{4}";

    /// Cancels a question.
    pub const ESC: &'static str = "\u{1b}";
    /// Cursor down.
    pub const DOWN: &'static str = "\u{1b}[B";
    /// Removes the last typed character.
    pub const BACKSPACE: &'static str = "\u{7f}";
    /// Enter.
    pub const ENTER: &'static str = "\r";

    /// Starts `run`, the twin, with its own terminal as stdin, stdout and stderr.
    ///
    /// # Panics
    /// If no terminal is available, or the program cannot be started.
    #[must_use]
    pub fn start(run: Run) -> Self {
        Self::sized(run, 24, 200)
    }

    /// Like [`Terminal::start`], with a window size.
    ///
    /// # Panics
    /// Same as [`Terminal::start`].
    #[must_use]
    pub fn sized(run: Run, rows: u16, columns: u16) -> Self {
        let (ours, theirs) = pair(rows, columns).expect("there is a terminal");
        let shell = run.env(SHELL, "1").spawn_at(theirs);
        let mut view = ours.try_clone().expect("a descriptor can be copied");
        let (sender, output) = channel();
        let gone = Arc::new(AtomicBool::new(false));
        let left = Arc::clone(&gone);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while !left.load(Ordering::Relaxed) {
                let mut waited = [PollFd::new(&view, PollFlags::IN)];
                if poll(&mut waited, Some(&A_MOMENT)).is_ok_and(|ready| ready == 0) {
                    continue;
                }
                // Reading from a terminal whose program exited is an error.
                match view.read(&mut buffer) {
                    Ok(count @ 1..) if sender.send(buffer[..count].to_vec()).is_ok() => {}
                    _ => break,
                }
            }
        });
        Self {
            shell,
            keyboard: ours,
            output,
            screen: Vec::new(),
            emulator: vt100::Parser::new(cells(rows), cells(columns), 0),
            gone,
        }
    }

    /// Starts `program` with the arguments and the environment of `run`, which is the twin.
    ///
    /// # Panics
    /// Same as [`Terminal::start`].
    #[must_use]
    pub fn of(program: &Path, run: Run) -> Self {
        Self::start(run.env(PROGRAM, program))
    }

    /// Waits until `text` has appeared.
    ///
    /// # Panics
    /// On timeout.
    pub fn wait_for(&mut self, text: &str) {
        while !self.seen().contains(text) {
            assert!(self.look(), "no `{text}` on the screen:\n{}", self.seen());
        }
    }

    /// Waits until `text` is on the current screen, after all cursor movements.
    ///
    /// # Panics
    /// On timeout.
    pub fn wait_for_shown(&mut self, text: &str) {
        while !self.shown().contains(text) {
            let shown = self.shown();
            assert!(self.look(), "no `{text}` on the screen:\n{shown}");
        }
    }

    /// Waits until the last non-empty line contains `text`.
    ///
    /// # Panics
    /// On timeout.
    pub fn wait_for_last(&mut self, text: &str) {
        let is_last = |shown: &str| {
            let mut lines = shown.lines().rev();
            lines
                .find(|line| !line.trim().is_empty())
                .is_some_and(|line| line.contains(text))
        };
        while !is_last(&self.shown()) {
            let shown = self.shown();
            assert!(self.look(), "`{text}` does not end the screen:\n{shown}");
        }
    }

    /// The current screen.
    #[must_use]
    pub fn shown(&self) -> String {
        self.emulator.screen().contents()
    }

    /// Resizes the window.
    ///
    /// # Panics
    /// If the terminal is gone.
    pub fn resize(&mut self, rows: u16, columns: u16) {
        tcsetwinsize(&self.keyboard, size(rows, columns)).expect("the terminal is there");
        self.emulator
            .screen_mut()
            .set_size(cells(rows), cells(columns));
    }

    /// Closes the window, like a user or a lost connection, and waits for the shell to exit.
    ///
    /// # Panics
    /// On timeout.
    pub fn hang_up(mut self) {
        self.gone.store(true, Ordering::Relaxed);
        // The reader stops sending once it has closed its end.
        while self.output.recv_timeout(PATIENCE).is_ok() {}
        drop(self.keyboard);
        self.shell.0.wait().expect("a child can be waited for");
    }

    /// Processes the next output; `false` on timeout.
    fn look(&mut self) -> bool {
        let Ok(bytes) = self.output.recv_timeout(PATIENCE) else {
            return false;
        };
        self.emulator.process(&bytes);
        self.screen.extend(bytes);
        true
    }

    /// Sends key presses.
    ///
    /// # Panics
    /// If the terminal is gone.
    pub fn press(&mut self, keys: &str) {
        let pressed = self.keyboard.write_all(keys.as_bytes());
        pressed.expect("the terminal is there");
    }

    /// Types a line.
    ///
    /// # Panics
    /// Same as [`Terminal::press`].
    pub fn type_line(&mut self, text: &str) {
        self.press(&format!("{text}\n"));
    }

    /// Waits for the program to exit and returns all screen output as its stdout, with a
    /// shell-style exit code: 128 plus the signal, if one killed it.
    ///
    /// # Panics
    /// On timeout, or if the terminal's modes were not restored.
    #[must_use]
    pub fn finish(mut self) -> Output {
        loop {
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => {
                    self.emulator.process(&bytes);
                    self.screen.extend(bytes);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it did not end:\n{}", self.seen()),
            }
        }
        let last = self.emulator.screen();
        assert!(!last.hide_cursor(), "the cursor was left hidden");
        assert!(!last.bracketed_paste(), "pastes were left bracketed");
        let status = self.shell.0.wait().expect("a child can be waited for");
        let screen = self.seen();
        assert!(!screen.contains(CHANGED), "{screen}");
        Output {
            code: code(status),
            stdout: screen,
            stderr: String::new(),
        }
    }

    /// All output so far.
    #[must_use]
    pub fn seen(&self) -> String {
        String::from_utf8_lossy(&self.screen).replace("\r\n", "\n")
    }
}

/// If [`Terminal`] requests it, runs the twin again or another program on the terminal, like a
/// shell: takes the terminal for this process and its children. Returns the exit code.
///
/// # Panics
/// If the terminal already belongs to a session.
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
    // Ctrl-C must reach the program and not the shell.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("there is room for a runtime");
    let entered = runtime.enter();
    let interrupts = signal(SignalKind::interrupt()).expect("signals can be handled");
    let before = modes(&tcgetattr(&terminal).expect("it is a terminal"));
    let copy = terminal.as_fd().try_clone_to_owned();
    let program = std::env::var_os(PROGRAM).map_or_else(
        || std::env::current_exe().expect("the twin is a file"),
        PathBuf::from,
    );
    let mut child = std::env::vars_os()
        .filter(|(name, _)| name != SHELL && name != PROGRAM)
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

pub(crate) const SHELL: &str = "SYNAPSE_TWIN_SHELL";
const PROGRAM: &str = "SYNAPSE_TWIN_PROGRAM";
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

/// The two ends of a new pseudo-terminal: the user's and the programs'.
fn pair(rows: u16, columns: u16) -> std::io::Result<(File, File)> {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    fcntl_setfd(&ours, FdFlags::CLOEXEC)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let name = ptsname(&ours, Vec::new())?;
    let path = Path::new(OsStr::from_bytes(name.as_bytes()));
    let theirs = File::options().read(true).write(true).open(path)?;
    tcsetwinsize(&theirs, size(rows, columns))?;
    Ok((ours.into(), theirs))
}

/// A terminal has at least one row and one column.
fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).expect("a terminal has cells")
}

const fn size(rows: u16, columns: u16) -> Winsize {
    Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

/// Interval at which the reader checks whether it should stop.
const A_MOMENT: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 50_000_000,
};
