//! Programs that another process of ours started and guards: checks whether one runs, and ends it.

use std::io;

/// Whether there is a process with this id.
#[must_use]
pub fn is_there(process: u32) -> bool {
    #[cfg(unix)]
    return pid(process).is_ok_and(|pid| rustix::process::test_kill_process(pid).is_ok());
    #[cfg(not(unix))]
    return process != 0;
}

/// Asks a process to end: SIGTERM. Its guard ends what it leaves.
///
/// # Errors
/// There is no such process, or it belongs to another user; on Windows always.
pub fn end_politely(process: u32) -> io::Result<()> {
    signal(process, Way::Politely)
}

/// Ends a process: SIGKILL. Its guard ends what it leaves.
///
/// # Errors
/// As [`end_politely`].
pub fn end_at_once(process: u32) -> io::Result<()> {
    signal(process, Way::AtOnce)
}

#[derive(Debug, Clone, Copy)]
enum Way {
    Politely,
    AtOnce,
}

#[cfg(unix)]
fn signal(process: u32, way: Way) -> io::Result<()> {
    let signal = match way {
        Way::Politely => rustix::process::Signal::TERM,
        Way::AtOnce => rustix::process::Signal::KILL,
    };
    rustix::process::kill_process(pid(process)?, signal).map_err(io::Error::from)
}

#[cfg(unix)]
fn pid(process: u32) -> io::Result<rustix::process::Pid> {
    // 0 and negative numbers are groups, 1 is the system's.
    i32::try_from(process)
        .ok()
        .filter(|process| *process > 1)
        .and_then(rustix::process::Pid::from_raw)
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))
}

#[cfg(not(unix))]
fn signal(_process: u32, _way: Way) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn groups_and_the_first_process_are_nobodys() {
        for process in [0, 1, u32::MAX] {
            assert!(end_politely(process).is_err(), "{process}");
            assert!(!is_there(process), "{process}");
        }
        assert!(is_there(std::process::id()));
    }
}
