//! Ends the process while a question is open, when its terminal is gone or the system requests a
//! stop.
//!
//! crossterm, used by inquire, reads a closed terminal in an endless loop; if SIGHUP is ignored, as
//! under `nohup`, nothing else would end it. A caught SIGTERM would wait for the answer. Nothing is
//! half written while a question is open.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// Watches until it is dropped.
pub(super) struct Watch {
    over: Arc<AtomicBool>,
}

impl Watch {
    /// Starts before the question changes the terminal: a signal that follows at once is caught.
    pub(super) fn start() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let before = tcgetattr(io::stdin()).ok();
        let (listens, ready) = mpsc::channel();
        thread::spawn(move || {
            // Without a runtime, the question works unwatched.
            let Ok(runtime) = Builder::new_current_thread().enable_all().build() else {
                return;
            };
            runtime.block_on(watch(&seen, before.as_ref(), listens));
        });
        // An error means that the watcher did not start.
        let _nobody = ready.recv();
        Self { over }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

async fn watch(over: &AtomicBool, before: Option<&Termios>, listens: Sender<()>) {
    let Ok(mut asked_to_stop) = signal(SignalKind::terminate()) else {
        return;
    };
    let _gone = listens.send(());
    while !over.load(Ordering::Relaxed) {
        tokio::select! {
            _ = asked_to_stop.recv() => {
                // The question cleans up by itself when it is over.
                if !over.load(Ordering::Relaxed) {
                    give_back(before);
                    end();
                }
            }
            () = tokio::time::sleep(EVERY) => {}
        }
        if is_gone() {
            end();
        }
    }
}

/// Whether the other end hung up, which poll always reports.
fn is_gone() -> bool {
    let stdin = io::stdin();
    let mut terminal = [PollFd::new(&stdin, PollFlags::empty())];
    let polled = poll(&mut terminal, Some(&AT_ONCE));
    let [watched] = &terminal;
    let events = watched.revents();
    polled.is_ok() && events.intersects(PollFlags::HUP | PollFlags::ERR)
}

/// Restores the modes, bracketed paste and the cursor.
fn give_back(before: Option<&Termios>) {
    let Ok(mut terminal) = File::options().read(true).write(true).open("/dev/tty") else {
        return;
    };
    if let Some(before) = before {
        let _gone = tcsetattr(&terminal, OptionalActions::Now, before);
    }
    drop(terminal.write_all(b"\x1b[?2004l\x1b[?25h\r\n"));
}

/// Ends the process: the handler of a catchable signal would wait for the question to end.
fn end() {
    let _ended = kill_process(getpid(), Signal::KILL);
}

const EVERY: Duration = Duration::from_millis(200);
const AT_ONCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};
