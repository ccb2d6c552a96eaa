//! Shell scripts as test programs, and checks for remaining processes.

use std::ffi::OsStr;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use synapse_process::{Guard, Limits, Program};

pub(crate) fn guard() -> Guard {
    Guard::program(env!("CARGO_BIN_EXE_synapse-process-guard"))
}

/// The script `text` with the variable `D` for `directory`.
pub(crate) fn script(directory: &Path, text: &str) -> Program {
    Program::find("sh", Some(OsStr::new(PATH)))
        .unwrap()
        .arguments(["-c", text])
        .variables([("D", directory.as_os_str()), ("PATH", OsStr::new(PATH))])
        .directory(directory)
}

pub(crate) fn limits(deadline: Duration) -> Limits {
    Limits {
        deadline,
        stdout: 1024,
        stderr: 16,
    }
}

/// The processes whose ids are in the file `pids`.
pub(crate) fn recorded(directory: &Path) -> Vec<u32> {
    let text = std::fs::read_to_string(directory.join("pids")).unwrap_or_default();
    text.lines().map(|line| line.parse().unwrap()).collect()
}

/// Whether a process runs. A zombie does not.
pub(crate) fn runs(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
    stat.is_ok_and(|stat| {
        let (_, rest) = stat.rsplit_once(')').unwrap();
        !rest.trim_start().starts_with(['Z', 'X'])
    })
}

/// Whether this process, and so every child, ignores `signal`, as under nohup.
pub(crate) fn is_ignored(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = u64::from_str_radix(line.unwrap().trim(), 16).unwrap();
    ignored & (1 << (signal.as_raw() - 1)) != 0
}

/// Waits until `holds`, and panics with `what` after a long time.
pub(crate) fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until none of the `count` recorded processes runs.
pub(crate) fn until_all_are_gone(directory: &Path, count: usize, what: &str) {
    let processes = recorded(directory);
    assert_eq!(processes.len(), count, "{what}");
    for process in processes {
        until(&format!("{what}: {process} stays"), || !runs(process));
    }
}

const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
