//! Programs started by Synapse, and their descendants, never outlive it, however it exits.
//! `crates/synapse-process` tests every kind of child; this tests every entry point.

use std::os::unix::fs::symlink;

use serde_json::json;
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::process::{Run, Signal};
use synapse_tests::{Home, LocalProvider as _};

use super::{TWIN, wait_until};

/// Records itself and a signal-resistant child in a new session, and stays.
const HELPER: &str = "trap '' TERM HUP; echo $$ >> pids; \
    setsid sh -c 'trap \"\" TERM HUP; echo $$ >> pids; exec sleep 1000' & sleep 1000";

/// A home with a connection whose key comes from a slow script.
fn waiting_for_a_helper() -> Home {
    let home = Home::new(TWIN);
    let provider = OpenAiDouble::start();
    let mut flags = provider.flags(&home);
    let token = flags.credential.strip_prefix("file:").unwrap();
    let script = home.write("helper", format!("cat {token}"));
    flags.credential = format!("cmd:{}", json!(["sh", script]));
    let create = home.creating("work", &flags, provider.opening());
    create.env("PATH", PATH).output().with_code(0);
    std::fs::remove_file(script).unwrap();
    home.write("helper", HELPER);
    home
}

fn processes(home: &Home) -> Vec<u32> {
    let text = std::fs::read_to_string(home.path().join("pids")).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

fn runs(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
    stat.is_ok_and(|stat| {
        !stat
            .rsplit_once(')')
            .unwrap()
            .1
            .trim_start()
            .starts_with(['Z', 'X'])
    })
}

/// The terminating signals, except those ignored by this process, as under nohup.
fn signals() -> impl Iterator<Item = Signal> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = u64::from_str_radix(line.unwrap().trim(), 16).unwrap();
    let signals = [Signal::KILL, Signal::HUP, Signal::TERM, Signal::INT].into_iter();
    signals.filter(move |signal| ignored & (1 << (signal.as_raw() - 1)) == 0)
}

/// Starts `run`, sends `signal` once the helper and its child run, and checks for survivors.
#[track_caller]
fn leaves_nothing(home: &Home, run: Run, signal: Signal) {
    let running = run.env("PATH", PATH).start();
    wait_until("the helper and its child run", || {
        processes(home).len() == 2
    });
    running.signal(signal);
    drop(running);
    for process in processes(home) {
        let what = format!("{process} is gone after {signal:?}");
        wait_until(&what, || !runs(process));
    }
}

#[test]
fn a_chat_that_is_ended_leaves_no_helper() {
    for signal in signals() {
        let home = waiting_for_a_helper();
        let chat = home.twin(["chat", "work", "hello"]);
        leaves_nothing(&home, chat, signal);
    }
}

/// A guard is a second instance of this executable and uses little of it: its private memory is
/// small in any build.
#[cfg(target_os = "linux")]
#[test]
fn a_guard_holds_little_memory_of_its_own() {
    let home = waiting_for_a_helper();
    let running = home
        .twin(["chat", "work", "hello"])
        .env("PATH", PATH)
        .start();
    wait_until("the helper and its child run", || {
        processes(&home).len() == 2
    });
    let status = |process: u32, field: &str| {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        line.unwrap().trim_start_matches(':').trim().to_owned()
    };
    let guard: u32 = status(processes(&home)[0], "PPid").parse().unwrap();
    assert_eq!(status(guard, "Name"), "process-guard");
    let own = status(guard, "RssAnon");
    let kibibytes: u64 = own.split(' ').next().unwrap().parse().unwrap();
    // Unoptimised code has more relocations at start.
    let most = if cfg!(debug_assertions) { 4 } else { 3 };
    assert!(kibibytes <= most * 1024, "{own}");
    running.signal(Signal::KILL);
}

#[test]
fn a_check_of_an_entry_that_is_ended_leaves_no_server() {
    for signal in signals() {
        let home = stand_in(HELPER);
        let check = home.twin(["ide", "check", "cursor", "--timeout", "600"]);
        leaves_nothing(&home, check, signal);
    }
}

#[test]
fn a_check_that_fails_leaves_no_server() {
    let home = stand_in(HELPER);
    let check = home.twin(["ide", "check", "cursor", "--timeout", "2"]);
    let output = check.env("PATH", PATH).output();
    assert_eq!(output.code, 3, "{output}");
    assert_eq!(processes(&home).len(), 2);
    for process in processes(&home) {
        wait_until("it is gone", || !runs(process));
    }
}

/// A home in which Cursor has an entry that runs `script` as its server.
fn stand_in(script: &str) -> Home {
    let home = Home::new(TWIN);
    home.write("serve", script);
    symlink("/bin/sh", home.path().join("synapse")).unwrap();
    let entry = json!({
        "command": home.path().join("synapse"),
        "args": ["serve"],
        "cwd": home.path(),
    });
    let text = json!({"mcpServers": {"synapse": entry}}).to_string();
    home.write(".cursor/mcp.json", text);
    home
}

const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
