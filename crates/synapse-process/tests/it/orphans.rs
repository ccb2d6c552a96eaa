//! Every kind of child that is hard to end, for every way its owner can end.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use synapse_process::{Guard, Program, Trouble};

use crate::support::{guard, is_ignored, limits, recorded, script, until, until_all_are_gone};

/// Ways for a child to resist being ended. Each records its process id and then lives long.
const KINDS: [(&str, &str); 6] = [
    (
        "ignores SIGTERM",
        "(trap '' TERM HUP INT; own; while :; do sleep 1000; done) &",
    ),
    ("forks twice", "( (own; exec sleep 1000) & ) &"),
    (
        "has a session of its own",
        "setsid sh -c 'echo $$ >> $D/pids; exec sleep 1000' &",
    ),
    (
        "is a daemon that ignores SIGTERM",
        "(setsid sh -c 'trap \"\" TERM HUP; (echo $$ >> $D/pids; exec sleep 1000) & exit' \
          </dev/null >/dev/null 2>&1 &)",
    ),
    (
        "closes its pipes",
        "(exec <&- >&- 2>&-; own; exec sleep 1000) &",
    ),
    (
        "floods stderr",
        "(own; while :; do echo flood flood flood >&2; done) &",
    ),
];

/// Starts a child of that kind, records both process ids, and continues with `then`.
fn parent_of(directory: &Path, kind: &str, then: &str) -> Program {
    let own = "own() { sh -c 'echo $PPID' >> $D/pids; }";
    let ready = "until [ $(wc -l < $D/pids) = 2 ]; do sleep 0.01; done; touch $D/ready";
    script(
        directory,
        &format!("{own}; echo $$ >> $D/pids; {kind}\n{ready}; {then}"),
    )
}

#[tokio::test]
async fn nothing_stays_when_the_program_ends_by_itself() {
    for (name, kind) in KINDS {
        let directory = tempfile::tempdir().unwrap();
        let then = "exit 0";
        // Its output is closed although a child lives on.
        let quiet = format!("exec >/dev/null 2>&1; {kind}");
        let program = parent_of(directory.path(), &quiet, then);
        let ending = program.run(&guard(), limits(LONG)).await.unwrap();
        assert!(ending.status.success(), "{name}");
        until_all_are_gone(directory.path(), 2, name);
    }
}

#[tokio::test]
async fn nothing_stays_after_the_deadline() {
    for (name, kind) in KINDS {
        let directory = tempfile::tempdir().unwrap();
        let program = parent_of(directory.path(), kind, "exec sleep 1000");
        let trouble = program.run(&guard(), limits(Duration::from_secs(3))).await;
        assert!(matches!(trouble, Err(Trouble::Late)), "{name}: {trouble:?}");
        // Without polling: the call returns only after everything ended.
        assert_eq!(recorded(directory.path()).len(), 2, "{name}");
        until_all_are_gone(directory.path(), 2, name);
    }
}

#[tokio::test]
async fn nothing_stays_when_the_owner_gives_up() {
    for (name, kind) in KINDS {
        let directory = tempfile::tempdir().unwrap();
        let program = parent_of(directory.path(), kind, "exec sleep 1000");
        let ready = directory.path().join("ready");
        let guard = guard();
        tokio::select! {
            ending = program.run(&guard, limits(LONG)) => panic!("{name}: {ending:?}"),
            () = async {
                while !ready.exists() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            } => {}
        }
        until_all_are_gone(directory.path(), 2, name);
    }
}

#[test]
fn nothing_stays_when_the_owner_is_killed() {
    let signals = [Signal::KILL, Signal::TERM, Signal::HUP, Signal::INT];
    for signal in signals.into_iter().filter(|signal| !is_ignored(*signal)) {
        for (index, (name, _)) in KINDS.iter().enumerate() {
            let directory = tempfile::tempdir().unwrap();
            let mut owner = owner(directory.path(), index);
            let ready = directory.path().join("ready");
            until(name, || ready.exists());
            kill_process(Pid::from_child(&owner), signal).unwrap();
            owner.wait().unwrap();
            until_all_are_gone(directory.path(), 2, &format!("{name}, {signal:?}"));
        }
    }
}

#[tokio::test]
async fn a_service_is_kept_where_that_is_wanted_and_only_after_success() {
    let service = "setsid sh -c 'echo $$ >> $D/pids; exec sleep 1000' >/dev/null 2>&1 </dev/null &";
    for (then, stays) in [("exit 0", true), ("exit 1", false)] {
        let directory = tempfile::tempdir().unwrap();
        let program = parent_of(directory.path(), service, then);
        let ending = program.run_keeping_services(&guard(), limits(LONG)).await;
        assert_eq!(ending.unwrap().status.success(), stays);
        let service = *recorded(directory.path()).last().unwrap();
        if stays {
            // Otherwise it would be gone soon after; that it survived the end is enough.
            assert!(crate::support::runs(service));
            kill_process(Pid::from_raw(service.cast_signed()).unwrap(), Signal::KILL).unwrap();
        }
        until_all_are_gone(directory.path(), 2, then);
    }
}

#[tokio::test]
async fn a_guard_outlives_the_signals_of_a_closing_session() {
    let directory = tempfile::tempdir().unwrap();
    let program = parent_of(directory.path(), KINDS[2].1, "exec sleep 1000");
    let running = program.start(&guard()).await.unwrap();
    let ready = directory.path().join("ready");
    until("ready", || ready.exists());
    let first = running.id().unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{first}/stat")).unwrap();
    let parent = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .nth(1)
        .unwrap();
    let parent: i32 = parent.parse().unwrap();
    for signal in [Signal::HUP, Signal::INT, Signal::TERM, Signal::QUIT] {
        kill_process(Pid::from_raw(parent).unwrap(), signal).unwrap();
    }
    drop(running);
    until_all_are_gone(directory.path(), 2, "signalled guard");
}

/// A process that owns a program of that kind.
#[expect(clippy::disallowed_methods, reason = "the test runs itself again")]
fn owner(directory: &Path, kind: usize) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "orphans::own_a_program", "--nocapture"])
        .env("SYNAPSE_PROCESS_TEST_DIRECTORY", directory)
        .env("SYNAPSE_PROCESS_TEST_KIND", kind.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Not a test by itself: the entry point when [`owner`] runs this executable again.
#[tokio::test]
async fn own_a_program() {
    #[expect(
        clippy::disallowed_methods,
        reason = "how a test tells this process its part"
    )]
    let (directory, kind) = (
        std::env::var_os("SYNAPSE_PROCESS_TEST_DIRECTORY"),
        std::env::var("SYNAPSE_PROCESS_TEST_KIND"),
    );
    let (Some(directory), Ok(kind)) = (directory, kind) else {
        return;
    };
    let (_, kind) = KINDS[kind.parse::<usize>().unwrap()];
    let program = parent_of(Path::new(&directory), kind, "exec sleep 1000");
    let ending = program.run(&guard(), limits(LONG)).await;
    panic!("it came to an end: {ending:?}");
}

#[tokio::test]
async fn without_a_guard_the_group_is_ended_also_behind_a_program_that_ended() {
    let directory = tempfile::tempdir().unwrap();
    let program = parent_of(directory.path(), KINDS[0].1, "exit 0");
    let limits = limits(Duration::from_secs(3));
    let trouble = program.run(&Guard::none(), limits).await;
    assert!(matches!(trouble, Err(Trouble::Late)), "{trouble:?}");
    until_all_are_gone(directory.path(), 2, "the group");
}

/// Shows the need for a guard: without one, a process remains.
#[tokio::test]
async fn without_a_guard_a_session_of_its_own_stays() {
    let directory = tempfile::tempdir().unwrap();
    let program = parent_of(directory.path(), KINDS[2].1, "exec sleep 1000");
    let trouble = program
        .run(&Guard::none(), limits(Duration::from_secs(3)))
        .await;
    assert!(matches!(trouble, Err(Trouble::Late)), "{trouble:?}");
    let processes = recorded(directory.path());
    until("its own process is ended", || {
        !crate::support::runs(processes[0])
    });
    assert!(crate::support::runs(processes[1]));
    kill_process(
        Pid::from_raw(processes[1].cast_signed()).unwrap(),
        Signal::KILL,
    )
    .unwrap();
}

const LONG: Duration = Duration::from_secs(600);
