//! Child processes with an explicit environment, a deadline, and a kill on drop.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;

pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};
use synapse_testkit::mcp_bridge::StdioServer;

use crate::PATIENCE;
use crate::output::Output;

/// A program to run. By default it gets no environment and an empty stdin.
#[derive(Debug)]
pub struct Run {
    command: Command,
    spelling: String,
    input: Vec<u8>,
}

/// A program whose stdout the test reads itself.
#[derive(Debug)]
pub struct Reading {
    running: Running,
    stdout: ChildStdout,
}

/// A running program.
#[derive(Debug)]
pub struct Running {
    child: Killed,
    spelling: String,
    stdout: Option<Collector>,
    stderr: Collector,
}

impl Run {
    /// Runs `program` with `arguments`.
    pub fn new(program: &Path, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place of this package that starts children"
        )]
        let mut command = Command::new(program);
        command.args(arguments);
        let words: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
        let spelling = format!("{} {}", program.display(), words.join(" "));
        command
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self {
            command,
            spelling,
            input: Vec::new(),
        }
    }

    /// Runs git in `directory`, which is also its home.
    ///
    /// # Panics
    /// If git is not at one of its usual locations.
    #[must_use]
    pub fn git(directory: &Path, words: &[&str]) -> Self {
        let places = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/bin"];
        let mut programs = places.iter().map(|place| Path::new(place).join("git"));
        let program = programs.find(|program| program.exists());
        let place = [OsStr::new("-C"), directory.as_os_str()].into_iter();
        let words = place.chain(words.iter().map(OsStr::new));
        Self::new(&program.expect("git is installed"), words).env("HOME", directory)
    }

    /// Runs it in `directory`.
    #[must_use]
    pub fn within(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Removes an environment variable.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Runs a copy of the program at that path.
    #[must_use]
    pub(crate) fn program(self, path: &Path) -> Self {
        let mut other = Self::new(path, self.command.get_args());
        for (name, value) in self.command.get_envs() {
            if let Some(value) = value {
                other.command.env(name, value);
            }
        }
        other
    }

    /// Sets its stdin.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// Gives it a closed stdout, as in `| head` after head exits.
    ///
    /// # Panics
    /// If no pipe can be created.
    #[must_use]
    pub fn into_closed_pipe(mut self) -> Self {
        let (reader, writer) = std::io::pipe().expect("there is a pipe");
        drop(reader);
        self.command.stdout(writer);
        self
    }

    /// Starts it and leaves its stdout to the caller.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn start_to_read(self) -> Reading {
        let (running, stdout) = self.start_fed();
        let stdout = stdout.expect("stdout is a pipe");
        Reading { running, stdout }
    }

    /// Runs it as that user and group; requires root.
    #[cfg(unix)]
    #[must_use]
    pub fn as_user(mut self, id: u32) -> Self {
        std::os::unix::process::CommandExt::uid(&mut self.command, id);
        std::os::unix::process::CommandExt::gid(&mut self.command, id);
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn start(self) -> Running {
        let (mut running, stdout) = self.start_fed();
        running.stdout = stdout.map(Collector::start);
        running
    }

    /// Starts it and writes its input, keeping stdin open as long as the second value lives.
    /// Returns once the input is consumed except for a pipe's capacity.
    ///
    /// # Panics
    /// If it cannot be started, or does not read.
    #[must_use]
    pub fn start_and_hold(mut self) -> (Running, ChildStdin) {
        let input = std::mem::take(&mut self.input);
        let (mut running, mut stdin, stdout) = self.begin();
        running.stdout = stdout.map(Collector::start);
        stdin
            .write_all(&input)
            .expect("the program reads its stdin");
        (running, stdin)
    }

    /// Runs it to completion.
    ///
    /// # Panics
    /// If it does not exit in time, or is killed by a signal.
    #[must_use]
    pub fn output(self) -> Output {
        self.start().finish()
    }

    /// Runs it to completion: writes the input of each turn, an input and a part of the line that
    /// answers it, once the one before is answered, and closes its stdin after the last.
    ///
    /// # Panics
    /// If neither happens in time, or a signal kills it.
    #[must_use]
    pub fn output_in_turns<'a>(
        self,
        turns: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Output {
        let mut turns = turns.into_iter();
        let (running, stdin, stdout) = self.begin();
        let mut stdout = BufReader::new(stdout.expect("stdout is a pipe"));
        let (sender, lines) = channel();
        thread::spawn(move || {
            let mut line = String::new();
            while stdout.read_line(&mut line).is_ok_and(|read| read > 0) {
                drop(sender.send(std::mem::take(&mut line)));
            }
        });
        let mut stdin = Some(stdin);
        let mut next = |stdin: &mut Option<ChildStdin>| {
            let turn = turns.next();
            match (&mut *stdin, turn) {
                // Best effort: it may have exited already.
                (Some(open), Some((input, _))) => drop(open.write_all(input.as_bytes())),
                _ => *stdin = None,
            }
            turn.map(|(_, answer)| answer)
        };
        let mut awaited = next(&mut stdin);
        let mut written = String::new();
        loop {
            match lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    if awaited.is_some_and(|answer| line.contains(answer)) {
                        awaited = next(&mut stdin);
                    }
                    written.push_str(&line);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it did not end within {PATIENCE:?}"),
            }
        }
        drop(stdin);
        Output {
            stdout: written,
            ..running.finish()
        }
    }

    /// Starts it as a server for the bridge. Its stderr is discarded.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn behind_bridge(self) -> StdioServer {
        self.known_behind_bridge().1
    }

    /// Like [`Run::behind_bridge`], with its process id.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn known_behind_bridge(self) -> (u32, StdioServer) {
        let conversation = self.converse();
        let id = conversation.child.id();
        let server = StdioServer {
            input: Box::new(conversation.input),
            output: Box::new(conversation.output),
            guard: Box::new((conversation.child, conversation.errors)),
        };
        (id, server)
    }

    /// Starts it for a dialogue over its stdin and stdout.
    pub(crate) fn converse(self) -> Conversation {
        let (running, input, output) = self.begin();
        Conversation {
            input,
            output: output.expect("stdout is a pipe"),
            errors: running.stderr,
            child: running.child,
            spelling: running.spelling,
        }
    }

    /// Starts it with `terminal` as stdin, stdout and stderr; our copy is closed.
    pub(crate) fn spawn_at(mut self, terminal: File) -> Killed {
        let copy = || terminal.try_clone().expect("a descriptor can be copied");
        self.command.stdin(copy()).stdout(copy()).stderr(copy());
        self.spawn()
    }

    /// Starts it and writes its input.
    fn start_fed(mut self) -> (Running, Option<ChildStdout>) {
        let input = std::mem::take(&mut self.input);
        let (running, mut stdin, stdout) = self.begin();
        // Asynchronously: the program need not read to the end.
        thread::spawn(move || drop(stdin.write_all(&input)));
        (running, stdout)
    }

    /// Starts it with open pipes.
    fn begin(mut self) -> (Running, ChildStdin, Option<ChildStdout>) {
        let mut child = self.spawn();
        let stdin = child.0.stdin.take().expect("stdin is a pipe");
        let stdout = child.0.stdout.take();
        let stderr = child.0.stderr.take().expect("stderr is a pipe");
        let running = Running {
            child,
            spelling: self.spelling,
            stdout: None,
            stderr: Collector::start(stderr),
        };
        (running, stdin, stdout)
    }

    fn spawn(&mut self) -> Killed {
        match self.command.spawn() {
            Ok(child) => Killed(child),
            Err(error) => panic!("`{}` cannot be started: {error}", self.spelling),
        }
    }
}

/// A child and its pipes.
pub(crate) struct Conversation {
    pub(crate) input: ChildStdin,
    pub(crate) output: ChildStdout,
    pub(crate) errors: Collector,
    pub(crate) child: Killed,
    pub(crate) spelling: String,
}

impl Running {
    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.0.id()
    }

    /// Whether it has exited. Does not wait.
    ///
    /// # Panics
    /// If its state cannot be read.
    pub fn has_ended(&mut self) -> bool {
        let state = self.child.0.try_wait();
        state.expect("a child can be waited for").is_some()
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// If it has exited already.
    pub fn signal(&self, signal: Signal) {
        self.child.signal(signal);
    }

    /// Waits for its exit, also by a signal.
    ///
    /// # Panics
    /// On timeout.
    #[must_use]
    pub fn end(mut self) -> ExitStatus {
        self.stderr.wait(&self.spelling);
        self.child.0.wait().expect("a child can be waited for")
    }

    /// Waits for its exit.
    ///
    /// # Panics
    /// On timeout, or if a signal kills it.
    #[must_use]
    pub fn finish(mut self) -> Output {
        let spelling = &self.spelling;
        let stderr = self.stderr.wait(spelling);
        let stdout = self
            .stdout
            .as_ref()
            .map_or_else(String::new, |stdout| stdout.wait(spelling));
        let status = self.child.0.wait().expect("a child can be waited for");
        let Some(code) = status.code() else {
            panic!("`{spelling}` ended with {status}\n{stderr}");
        };
        Output {
            code,
            stdout,
            stderr,
        }
    }
}

impl Reading {
    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.running.id()
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// If it has exited already.
    pub fn signal(&self, signal: Signal) {
        self.running.signal(signal);
    }

    /// Waits for its exit, also by a signal.
    ///
    /// # Panics
    /// On timeout.
    #[must_use]
    pub fn end(self) -> ExitStatus {
        self.running.end()
    }

    /// Reads that many bytes of its stdout, or all of it if shorter.
    ///
    /// # Panics
    /// If the pipe breaks.
    pub fn read(&mut self, most: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let stdout = self.stdout.by_ref();
        let read = stdout.take(most).read_to_end(&mut bytes);
        read.expect("the pipe can be read");
        bytes
    }

    /// Peak memory in KiB. Linux only.
    ///
    /// # Panics
    /// If the program has exited.
    #[cfg(target_os = "linux")]
    #[must_use]
    pub fn peak_memory(&self) -> u64 {
        peak_memory(self.running.child.0.id())
    }
}

/// Peak memory of a running program in KiB. Linux only.
///
/// # Panics
/// If the program has exited.
#[cfg(target_os = "linux")]
#[must_use]
pub fn peak_memory(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"));
    let status = status.expect("the program runs");
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let words: Vec<&str> = line.expect("the program runs").split_whitespace().collect();
    words[1].parse().expect("it is a number of KiB")
}

/// A child that is killed on drop.
#[derive(Debug)]
pub(crate) struct Killed(pub(crate) Child);

impl Killed {
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        let id = id.expect("a child has a process id");
        kill_process(id, signal).expect("the child runs");
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        // Best effort: it may have exited already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Reads a pipe to its end on its own thread.
#[derive(Debug)]
pub(crate) struct Collector(Receiver<Vec<u8>>);

impl Collector {
    fn start(mut pipe: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = channel();
        thread::spawn(move || {
            let mut bytes = Vec::new();
            // Best effort: a broken pipe has ended.
            drop(pipe.read_to_end(&mut bytes));
            drop(sender.send(bytes));
        });
        Self(receiver)
    }

    /// The complete output; returns once the pipe closes, at the latest when the child exits.
    pub(crate) fn wait(&self, whose: &str) -> String {
        let Ok(bytes) = self.0.recv_timeout(PATIENCE) else {
            panic!("`{whose}` did not end within {PATIENCE:?}");
        };
        String::from_utf8(bytes).expect("the output is UTF-8")
    }
}
