//! The one place of this crate that starts programs: without a shell, without stdin, with an
//! environment of named variables, for a bounded time, reading a bounded output. Knows no store.
//!
//! **Invariant:** what a program writes is wiped from memory and never shown, stderr least of all.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use secrecy::zeroize::Zeroizing;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use super::Environment;

/// A program that was found, and what it is given.
#[derive(Debug)]
pub(super) struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(&'static str, OsString)>,
    directory: PathBuf,
}

/// What a program did that came to its end.
pub(super) struct Ending {
    pub(super) status: ExitStatus,
    pub(super) stdout: Zeroizing<Vec<u8>>,
    /// The beginning of it, only to tell failures apart by known phrases.
    pub(super) stderr: Zeroizing<String>,
}

/// Why a program came to no end of its own.
#[derive(Debug)]
pub(super) enum Trouble {
    Start(io::Error),
    Late,
    TooMuch,
}

impl Program {
    /// Finds the program `name`: an absolute path, or a plain name in an absolute directory of
    /// PATH. A relative directory does not count, because an IDE starts Synapse in the user's
    /// project, where anybody's file may lie.
    pub(super) fn find(name: &str, environment: &Environment, home: Option<&Path>) -> Option<Self> {
        let path = if Path::new(name).is_absolute() {
            Some(PathBuf::from(name)).filter(|path| is_executable(path))
        } else {
            let directories = environment("PATH")?;
            std::env::split_paths(&directories)
                .filter(|directory| directory.is_absolute())
                .flat_map(|directory| {
                    ENDINGS.map(|ending| directory.join(format!("{name}{ending}")))
                })
                .find(|path| is_executable(path))
        }?;
        let mut program = Self {
            path,
            arguments: Vec::new(),
            environment: Vec::new(),
            directory: home
                .filter(|home| home.is_dir())
                .unwrap_or(Path::new(ROOT))
                .to_owned(),
        };
        program.pass_on(PASSED_TO_ALL, environment);
        if let Some(home) = home
            && environment("HOME").is_none()
        {
            program.environment.push(("HOME", home.into()));
        }
        Some(program)
    }

    /// Adds arguments.
    pub(super) fn arguments<A: Into<OsString>>(
        mut self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Lets the program have those of `names` that are set.
    pub(super) fn with_variables(
        mut self,
        names: &[&'static str],
        environment: &Environment,
    ) -> Self {
        self.pass_on(names, environment);
        self
    }

    fn pass_on(&mut self, names: &[&'static str], environment: &Environment) {
        let set = names
            .iter()
            .filter_map(|name| Some((*name, environment(name)?)));
        self.environment.extend(set);
    }

    /// Runs it to its end, for at most `deadline`, and takes at most `cap` bytes of its stdout.
    ///
    /// Whatever keeps it from ending, it is killed with its whole process group, also when the
    /// future is dropped.
    pub(super) async fn run(self, deadline: Duration, cap: usize) -> Result<Ending, Trouble> {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the module that starts programs"
        )]
        let mut command = Command::new(&self.path);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment)
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let mut child = Running::new(command.spawn().map_err(Trouble::Start)?);
        match tokio::time::timeout(deadline, child.finish(cap)).await {
            Ok(result) => result,
            Err(_) => Err(Trouble::Late),
        }
    }
}

/// A child that is killed with its group unless it was seen to end.
struct Running {
    child: Child,
    ended: bool,
}

impl Running {
    const fn new(child: Child) -> Self {
        Self {
            child,
            ended: false,
        }
    }

    async fn finish(&mut self, cap: usize) -> Result<Ending, Trouble> {
        let (stdout, stderr) = (self.child.stdout.take(), self.child.stderr.take());
        let stderr = async { Ok(read_beginning(stderr).await) };
        let (stdout, stderr) = tokio::try_join!(read(stdout, cap), stderr)?;
        // The pipes are at their end and the child is not yet waited for: its id is its own.
        let status = self.child.wait().await.map_err(Trouble::Start)?;
        self.ended = true;
        Ok(Ending {
            status,
            stdout,
            stderr,
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        #[cfg(unix)]
        if let Some(group) = self
            .child
            .id()
            .and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()))
        {
            // It may be gone already, which is as good.
            rustix::process::kill_process_group(group, rustix::process::Signal::KILL).ok();
        }
        drop(self.child.start_kill());
    }
}

/// Everything that `pipe` brings, or `TooMuch` at the first byte beyond `cap`.
async fn read(
    pipe: Option<impl AsyncRead + Unpin>,
    cap: usize,
) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    // Large enough from the start: a vector that grows leaves its old buffer behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(cap + SPARE));
    if let Some(pipe) = pipe {
        let limit = u64::try_from(cap + 1).unwrap_or(u64::MAX);
        pipe.take(limit)
            .read_to_end(&mut bytes)
            .await
            .map_err(Trouble::Start)?;
    }
    if bytes.len() > cap {
        return Err(Trouble::TooMuch);
    }
    Ok(bytes)
}

/// The beginning of what `pipe` brings; the rest is read, so that the writer can end, and dropped.
async fn read_beginning(pipe: Option<impl AsyncRead + Unpin>) -> Zeroizing<String> {
    let mut beginning = Zeroizing::new(Vec::with_capacity(STDERR_CAP + SPARE));
    let Some(mut pipe) = pipe else {
        return Zeroizing::default();
    };
    let mut limited = (&mut pipe).take(STDERR_CAP as u64);
    // What cannot be read tells nothing.
    drop(limited.read_to_end(&mut beginning).await);
    let mut rest = Zeroizing::new([0_u8; 4096]);
    while let Ok(1..) = pipe.read(rest.as_mut_slice()).await {}
    Zeroizing::new(String::from_utf8_lossy(&beginning).into_owned())
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::metadata(path)
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

/// Where things are and which language they speak: no program works without these.
const PASSED_TO_ALL: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_CACHE_HOME",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "SSH_AUTH_SOCK",
    "SystemRoot",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
];
#[cfg(windows)]
const ENDINGS: [&str; 1] = [".exe"];
#[cfg(not(windows))]
const ENDINGS: [&str; 1] = [""];
#[cfg(windows)]
const ROOT: &str = "C:\\";
#[cfg(not(windows))]
const ROOT: &str = "/";
const STDERR_CAP: usize = 8 * 1024;
/// `read_to_end` asks for spare room before it believes that the end is reached.
const SPARE: usize = 64;
