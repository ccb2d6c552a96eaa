//! How a client starts an entry: the program it finds, the variables it passes, the directory it
//! chooses. Nothing is started here.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use synapse_core::redact::printable;
use synapse_core::{Code, Failure};

use crate::client::{Client, Directory, Scope};
use crate::entry::Configured;
use crate::failure::shown;
use crate::machine::{Machine, System};
use crate::state::{may_run, on_path};

/// A program about to be started as a client would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Launched {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) environment: BTreeMap<OsString, OsString>,
    pub(super) directory: PathBuf,
}

impl Launched {
    /// # Errors
    /// `ide.launch-failed` when the client would not find the program or its directory.
    pub(super) fn new(
        client: &Client,
        machine: &Machine,
        scope: Scope,
        configured: &Configured,
    ) -> Result<Self, Failure> {
        let environment = environment(client, machine, configured);
        let program = program(&configured.command, &environment)?;
        let directory = directory(client, machine, scope, configured);
        if !directory.is_dir() {
            return Err(Failure::new(
                Code::IdeLaunchFailed,
                format!("{} is no directory to start in", shown(&directory)),
            ));
        }
        Ok(Self {
            program,
            arguments: configured.arguments.clone(),
            environment,
            directory,
        })
    }

    pub(super) fn variable_names(&self) -> Vec<String> {
        let names = self.environment.keys();
        names
            .map(|name| printable(&name.to_string_lossy()))
            .collect()
    }
}

fn environment(
    client: &Client,
    machine: &Machine,
    configured: &Configured,
) -> BTreeMap<OsString, OsString> {
    let passed = match machine.system {
        System::Windows => WINDOWS_PASSES,
        System::Linux | System::Mac => client.launch.passes,
    };
    let mut environment: BTreeMap<OsString, OsString> = passed
        .iter()
        .filter_map(|name| Some((OsString::from(name), machine.variable(name)?)))
        .collect();
    if client.launch.desktop && machine.system == System::Mac {
        // What launchd gives to a program that was not started in a shell.
        environment.insert("PATH".into(), "/usr/bin:/bin:/usr/sbin:/sbin".into());
    }
    let own = configured.environment.iter();
    environment.extend(own.map(|(name, value)| (name.into(), value.into())));
    environment
}

fn program(command: &str, environment: &BTreeMap<OsString, OsString>) -> Result<PathBuf, Failure> {
    let path = Path::new(command);
    if path.is_absolute() {
        if may_run(path) {
            return Ok(path.to_owned());
        }
        let what = if path.exists() {
            "is no program that may be executed"
        } else {
            "does not exist"
        };
        return Err(broken(format!("{} {what}", shown(path))));
    }
    if command.contains(['/', '\\']) {
        return Err(broken(format!(
            "{} is relative, and the client chooses the directory",
            shown(path)
        )));
    }
    let search = environment.get(std::ffi::OsStr::new("PATH"));
    search
        .and_then(|search| on_path(command, search))
        .ok_or_else(|| {
            broken(format!(
                "{} is not on the PATH that the client passes on",
                shown(path)
            ))
        })
}

fn broken(message: String) -> Failure {
    Failure::new(Code::IdeLaunchFailed, message)
        .hint("`synapse ide install` writes the absolute path of this program")
}

fn directory(client: &Client, machine: &Machine, scope: Scope, configured: &Configured) -> PathBuf {
    let usual = match (scope, client.launch.directory) {
        (Scope::Project, _) | (Scope::User, Directory::Project) => machine.project.clone(),
        (Scope::User, Directory::Home) => machine.home.clone(),
        (Scope::User, Directory::Top) => top(&machine.home),
    };
    match &configured.directory {
        Some(own) => usual.join(own),
        None => usual,
    }
}

/// The top of the file system that `path` is in.
fn top(path: &Path) -> PathBuf {
    path.ancestors().last().unwrap_or(path).to_owned()
}

/// What the TypeScript SDK of MCP passes on in Windows.
const WINDOWS_PASSES: &[&str] = &[
    "APPDATA",
    "HOMEDRIVE",
    "HOMEPATH",
    "LOCALAPPDATA",
    "PATH",
    "PROCESSOR_ARCHITECTURE",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TEMP",
    "USERNAME",
    "USERPROFILE",
    "PROGRAMFILES",
];
