//! This test program as another process with a role: a crash, a competitor, an unprivileged user.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, waitpid};
use synapse_home::Home;

use crate::{connections, ledger};

/// The role of another process in a home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Inserts connections whose names begin with its process id.
    InsertConnections,
    /// Reads a connections file without permission.
    ReadUnreadable,
    /// Tries to write without permission.
    WriteReadOnly,
    /// Reads a ledger that it may not write.
    ReadReadOnly,
    /// Opens a row and crashes.
    Crash,
    /// Opens and sends a call whose row cannot be written, and crashes.
    CrashUnwritten,
    /// Opens a row and waits.
    HoldRow,
    /// Has calls in progress and waits.
    NoteAndWait,
    /// Ends calls whose rows are not written yet, and stops.
    EndAndStop,
    /// Writes 500 rows.
    WriteRows,
    /// Starts calls against a limit.
    Reserve,
}

impl Role {
    const ALL: [Self; 11] = [
        Self::InsertConnections,
        Self::ReadUnreadable,
        Self::WriteReadOnly,
        Self::ReadReadOnly,
        Self::Crash,
        Self::CrashUnwritten,
        Self::HoldRow,
        Self::NoteAndWait,
        Self::EndAndStop,
        Self::WriteRows,
        Self::Reserve,
    ];

    fn play(self, home: Home) {
        match self {
            Self::InsertConnections => connections::concurrent::insert_some(&home),
            Self::ReadUnreadable => connections::broken::cannot_be_read(&home),
            Self::WriteReadOnly => {
                connections::broken::cannot_be_written(&home);
                ledger::broken::cannot_be_written(&home);
            }
            Self::ReadReadOnly => ledger::broken::is_read_all_the_same(&home),
            Self::Crash => ledger::processes::open_a_row_and_die(&home),
            Self::CrashUnwritten => ledger::spool::send_unwritten_and_die(&home),
            Self::HoldRow => ledger::processes::open_a_row_and_wait(home),
            Self::NoteAndWait => ledger::journal::note_and_wait(&home),
            Self::EndAndStop => ledger::ended::end_and_stop(&home),
            Self::WriteRows => ledger::processes::write_rows(home),
            Self::Reserve => ledger::limits::reserve_all(home),
        }
    }
}

/// Not a test by itself: the entry point when [`start`] runs this program again.
#[test]
fn play_a_role() {
    #[expect(
        clippy::disallowed_methods,
        reason = "how the parent process tells this one its part"
    )]
    let (role, home) = (std::env::var(ROLE), std::env::var_os(HOME));
    let (Ok(role), Some(home)) = (role, home) else {
        return;
    };
    let role = Role::ALL
        .into_iter()
        .find(|each| format!("{each:?}") == role)
        .unwrap();
    role.play(Home::new(PathBuf::from(home)));
}

/// Starts another process with `role` in `home`.
pub(crate) fn start(role: Role, home: &Home) -> Child {
    command(&own_program(), role, home).spawn().unwrap()
}

/// Runs `role` in another process, which must succeed.
pub(crate) fn run(role: Role, home: &Home) {
    finish(start(role, home));
}

/// Waits for a process, which must succeed.
pub(crate) fn finish(child: Child) {
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    // A filter that matches no test would succeed, too.
    assert!(
        output.status.success() && stdout.contains("1 passed"),
        "{stdout}"
    );
}

/// Runs `role` as a user other than root, because root ignores permissions. That user becomes the
/// owner of the home.
pub(crate) fn run_unprivileged(role: Role, home: &Home) {
    if !is_root(home.directory()) {
        return run(role, home);
    }
    give_away(home.directory());
    // Through /proc, because the build directory may be inaccessible to others.
    let mut command = command(Path::new("/proc/self/exe"), role, home);
    command.uid(NOBODY).gid(NOBODY).current_dir("/");
    finish(command.spawn().unwrap());
}

/// A process that waits until it is released.
pub(crate) struct Held {
    child: Owned,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

/// Killed on drop: a stopped process would outlive a failed test.
struct Owned(Child);

impl Drop for Owned {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Held {
    /// Starts a process in `role` and waits until it is ready.
    pub(crate) fn start(role: Role, home: &Home) -> Self {
        let mut child = Owned(start(role, home));
        let mut stdout = BufReader::new(child.0.stdout.take().unwrap());
        let mut line = String::new();
        while !line.trim_end().ends_with(READY) {
            line.clear();
            assert_ne!(
                stdout.read_line(&mut line).unwrap(),
                0,
                "it was never ready"
            );
        }
        let stdin = child.0.stdin.take().unwrap();
        Self {
            child,
            stdin,
            stdout,
        }
    }

    /// Waits until the process has stopped by [`ready_and_stop`].
    pub(crate) fn wait_until_stopped(&self) {
        let pid = Pid::from_child(&self.child.0);
        waitpid(Some(pid), WaitOptions::UNTRACED).unwrap();
    }

    /// Lets a stopped process go on.
    pub(crate) fn resume(&self) {
        kill_process(Pid::from_child(&self.child.0), Signal::CONT).unwrap();
    }

    /// Kills the process without cleanup.
    pub(crate) fn kill(self) {
        drop(self);
    }

    /// Lets the process finish, which must succeed.
    pub(crate) fn release(self) {
        let Self {
            mut child,
            stdin,
            mut stdout,
        } = self;
        drop(stdin);
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert!(child.0.wait().unwrap().success(), "{rest}");
    }
}

/// Signals readiness, and waits for the parent.
pub(crate) fn ready_and_wait() {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{READY}").unwrap();
    stdout.flush().unwrap();
    wait();
}

/// Signals readiness, does the last work, stops, and then waits for the parent.
pub(crate) fn ready_and_stop(last: impl FnOnce()) {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{READY}").unwrap();
    stdout.flush().unwrap();
    last();
    kill_process(getpid(), Signal::STOP).unwrap();
    wait();
}

fn wait() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests run themselves again as other processes"
)]
fn command(program: &Path, role: Role, home: &Home) -> Command {
    let mut command = Command::new(program);
    command
        .args(["--exact", "child::play_a_role", "--nocapture"])
        .env_clear()
        .env(ROLE, format!("{role:?}"))
        .env(HOME, home.directory())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    command
}

fn own_program() -> PathBuf {
    std::env::current_exe().unwrap()
}

fn is_root(directory: &Path) -> bool {
    let parent = directory.parent().unwrap();
    tempfile::tempfile_in(parent)
        .unwrap()
        .metadata()
        .unwrap()
        .uid()
        == 0
}

/// Gives a directory, its content and its temporary parent to nobody.
fn give_away(directory: &Path) {
    let give = |path: &Path| std::os::unix::fs::lchown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    give(directory.parent().unwrap());
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        give(&directory);
        for entry in std::fs::read_dir(&directory).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                directories.push(entry.path());
            } else {
                give(&entry.path());
            }
        }
    }
}

const ROLE: &str = "SYNAPSE_STORE_TEST_ROLE";
const HOME: &str = "SYNAPSE_STORE_TEST_HOME";
const READY: &str = "ready and waiting";
const NOBODY: u32 = 65_534;
