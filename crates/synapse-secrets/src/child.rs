//! Runs the programs of stores: their environment, and how long they may run.
//!
//! **Invariant:** the output of a program is wiped from memory and never shown, stderr least of
//! all.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use secrecy::zeroize::Zeroizing;
use synapse_process::{Guard, Limits, Trouble};

use super::{Environment, Secrets};

/// A resolved program, with its arguments and environment.
#[derive(Debug)]
pub(super) struct ResolvedProgram {
    inner: synapse_process::Program,
    guard: Guard,
}

/// The result of a program that ended.
pub(super) struct ChildOutput {
    pub(super) status: ExitStatus,
    pub(super) stdout: Zeroizing<Vec<u8>>,
    /// The beginning of it, only to classify failures by known phrases.
    pub(super) stderr: Zeroizing<String>,
}

impl ResolvedProgram {
    /// Finds the program `name`: an absolute path, or a plain name in an absolute directory of
    /// PATH.
    pub(super) fn find(name: &str, secrets: &Secrets) -> Option<Self> {
        let environment = &secrets.environment;
        let mut inner = synapse_process::Program::find(name, environment("PATH").as_deref())?
            .variables(set(PASSED_TO_ALL, environment));
        if let Some(home) = secrets.user_home.as_deref() {
            if environment("HOME").is_none() {
                inner = inner.variables([("HOME", home)]);
            }
            if Path::is_dir(home) {
                inner = inner.directory(home);
            }
        }
        Some(Self {
            inner,
            guard: secrets.guard.clone(),
        })
    }

    /// Adds arguments.
    pub(super) fn arguments<A: Into<OsString>>(
        mut self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        self.inner = self.inner.arguments(arguments);
        self
    }

    /// Passes those of `names` that are set.
    pub(super) fn with_variables(
        mut self,
        names: &[&'static str],
        environment: &Environment,
    ) -> Self {
        self.inner = self.inner.variables(set(names, environment));
        self
    }

    /// Runs it to its end, for at most `deadline`, and reads at most `cap` bytes of its stdout. On
    /// a timeout or an error, it is killed with everything that it started; processes it leaves on
    /// its own exit are killed too.
    pub(super) async fn run(self, deadline: Duration, cap: usize) -> Result<ChildOutput, Trouble> {
        let limits = limits(deadline, cap);
        self.inner
            .run(&self.guard, limits)
            .await
            .map(ChildOutput::of)
    }

    /// [`ResolvedProgram::run`] for a password manager, whose agent outlives it: gpg-agent and 1Password's
    /// daemon remember that the user unlocked them.
    pub(super) async fn run_with_agent(
        self,
        deadline: Duration,
        cap: usize,
    ) -> Result<ChildOutput, Trouble> {
        let limits = limits(deadline, cap);
        let run = self.inner.run_keeping_services(&self.guard, limits);
        run.await.map(ChildOutput::of)
    }
}

impl ChildOutput {
    fn of(ending: synapse_process::Ending) -> Self {
        Self {
            status: ending.status,
            stdout: ending.stdout,
            stderr: Zeroizing::new(String::from_utf8_lossy(&ending.stderr).into_owned()),
        }
    }
}

const fn limits(deadline: Duration, stdout: usize) -> Limits {
    Limits {
        deadline,
        stdout,
        stderr: STDERR_CAP,
    }
}

fn set<'a>(
    names: &'a [&'static str],
    environment: &'a Environment,
) -> impl Iterator<Item = (&'static str, OsString)> + 'a {
    let names = names.iter();
    names.filter_map(|name| Some((*name, environment(name)?)))
}

/// Locations and language: no program works without these.
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
const STDERR_CAP: usize = 8 * 1024;
