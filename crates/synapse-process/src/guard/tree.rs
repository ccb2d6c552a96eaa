//! The process tree of a guard: reaps it, reports the end of the first process, ends the rest.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process, kill_process_group, wait, waitid,
};

use super::wire::send_end;

/// All descendants of one program.
#[derive(Debug)]
pub(super) struct Descendants {
    first: Pid,
    state: Arc<(Mutex<TreeState>, Condvar)>,
}

/// While it is locked, no process is reaped, so that process ids stay valid.
#[derive(Debug)]
struct TreeState {
    /// Whether the first process exists, at least as a zombie; only then does its group id belong
    /// to it.
    has_first: bool,
    has_any: bool,
}

impl Descendants {
    /// Those of the process `first`.
    pub(super) fn of(first: u32) -> io::Result<Self> {
        let first = Pid::from_raw(first.cast_signed());
        let first = first.ok_or_else(|| io::Error::other("no process id"))?;
        let state = Arc::new((
            Mutex::new(TreeState {
                has_first: true,
                has_any: true,
            }),
            Condvar::new(),
        ));
        Ok(Self { first, state })
    }

    /// Starts reaping; reports the end of the first process to `owner`.
    pub(super) fn watch(&self, owner: UnixStream) -> io::Result<()> {
        let (first, shared) = (self.first, Arc::clone(&self.state));
        Builder::new()
            .stack_size(STACK)
            .spawn(move || reap_all(first, &owner, &shared))
            .map(drop)
    }

    /// Ends all of them: SIGTERM, then SIGKILL.
    pub(super) fn end(self) {
        self.signal(Signal::TERM);
        if self.are_gone_within(GRACE) {
            return;
        }
        let deadline = Instant::now() + PATIENCE;
        let mut pause = SHORTEST_PAUSE;
        // Processes orphaned in one round are reparented to us by the next.
        while Instant::now() < deadline {
            self.signal(Signal::KILL);
            if self.are_gone_within(pause) {
                return;
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    fn signal(&self, signal: Signal) {
        let state = locked(&self.state.0);
        if state.has_first {
            // Best effort: a process that is gone needs no signal.
            kill_process_group(self.first, signal).ok();
        }
        for child in children() {
            kill_process(child, signal).ok();
        }
    }

    fn are_gone_within(&self, patience: Duration) -> bool {
        let state = locked(&self.state.0);
        let waited = self
            .state
            .1
            .wait_timeout_while(state, patience, |state| state.has_any);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !state.has_any
    }
}

/// Reaps until no child is left.
fn reap_all(first: Pid, owner: &UnixStream, shared: &(Mutex<TreeState>, Condvar)) {
    let (state, changed) = shared;
    loop {
        // Peeks without reaping, so that reaping happens under the lock.
        let ended = waitid(WaitId::All, WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        let mut state = locked(state);
        match ended {
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => {
                state.has_any = false;
                changed.notify_all();
                return;
            }
            Ok(_) => {
                if let Ok(Some((process, status))) = wait(WaitOptions::NOHANG)
                    && process == first
                {
                    state.has_first = false;
                    // Best effort: the owner may be gone.
                    send_end(owner, status.as_raw()).ok();
                }
            }
        }
    }
}

fn locked(state: &Mutex<TreeState>) -> MutexGuard<'_, TreeState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Our children, of all our threads.
#[cfg(target_os = "linux")]
fn children() -> Vec<Pid> {
    let own = rustix::process::getpid();
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten();
    let lists: Vec<String> = threads
        .filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("children")).ok())
        .collect();
    if lists.is_empty() {
        // The kernel lacks these lists.
        return all_processes()
            .filter(|id| parent_of(*id) == Some(own))
            .collect();
    }
    let numbers = lists.iter().flat_map(|list| list.split_ascii_whitespace());
    numbers
        .filter_map(|number| Pid::from_raw(number.parse().ok()?))
        .collect()
}

#[cfg(target_os = "linux")]
fn all_processes() -> impl Iterator<Item = Pid> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten();
    entries.filter_map(|entry| Pid::from_raw(entry.ok()?.file_name().to_str()?.parse().ok()?))
}

#[cfg(target_os = "linux")]
fn parent_of(process: Pid) -> Option<Pid> {
    let path = format!("/proc/{}/stat", process.as_raw_pid());
    let text = std::fs::read_to_string(path).ok()?;
    // The command name before it may contain anything, even a parenthesis.
    let (_, rest) = text.rsplit_once(')')?;
    Pid::from_raw(rest.split_ascii_whitespace().nth(1)?.parse().ok()?)
}

/// Elsewhere orphans are not reparented to us, and only the group remains.
#[cfg(not(target_os = "linux"))]
fn children() -> Vec<Pid> {
    Vec::new()
}

/// Time for a program to end after SIGTERM.
const GRACE: Duration = Duration::from_millis(250);
/// Anything left after that cannot be killed by us, such as a process that changed its user.
const PATIENCE: Duration = Duration::from_secs(10);
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);
const STACK: usize = 64 * 1024;
