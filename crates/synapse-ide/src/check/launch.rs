//! How a client starts an entry: the program, the variables, the directory. Starts nothing.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use synapse_core::redact::printable;
use synapse_core::{Code, Failure};

use super::trust::Trust;
use crate::client::{Client, Directory, Passing, Scope};
use crate::entry::Configured;
use crate::failure::{install_remedy, shown};
use crate::machine::{Machine, System};
use crate::state::{may_run, on_path};

/// A program to start the way a client would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Launched {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) environment: BTreeMap<OsString, OsString>,
    pub(super) directory: PathBuf,
}

impl Launched {
    /// # Errors
    /// `ide.foreign-entry` when `trust` does not cover the program, `ide.launch-failed` when the
    /// client would not find it or its directory.
    pub(super) fn new(
        client: &Client,
        machine: &Machine,
        scope: Scope,
        configured: &Configured,
        trust: &Trust,
    ) -> Result<Self, Failure> {
        let environment = variables(client, machine, configured).0;
        let program = program(client, &configured.command, &environment, trust)?;
        let directory = directory(client, machine, scope, configured);
        if !directory.is_dir() {
            return Err(Failure::new(
                Code::IdeLaunchFailed,
                format!("{} is not a directory to start in", shown(&directory)),
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

/// The variables a client passes to a server.
#[derive(Clone, PartialEq, Eq)]
pub struct Variables(pub(super) BTreeMap<OsString, OsString>);

impl Variables {
    /// The value of a variable.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<OsString> {
        self.0.get(OsStr::new(name)).cloned()
    }
}

/// Names only: a value may be a secret.
impl fmt::Debug for Variables {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// The environment `client` gives to the server of an entry: inherited variables, and those of the
/// entry after expansion.
pub(super) fn variables(client: &Client, machine: &Machine, configured: &Configured) -> Variables {
    let passed = match machine.system {
        System::Windows => WINDOWS_PASSES,
        System::Linux | System::Mac => client.launch.passes,
    };
    let mut environment: BTreeMap<OsString, OsString> = passed
        .iter()
        .filter_map(|name| Some((OsString::from(name), machine.variable(name)?)))
        .collect();
    if client.launch.desktop && machine.system == System::Mac {
        // launchd's default for programs started outside a shell.
        environment.insert("PATH".into(), "/usr/bin:/bin:/usr/sbin:/sbin".into());
    }
    for name in &configured.passed {
        if let Some(value) = machine.variable(name) {
            environment.insert(name.into(), value);
        }
    }
    let own = configured.environment.iter();
    environment.extend(own.map(|(name, value)| (name.into(), expanded(client, machine, value))));
    Variables(environment)
}

/// Expands the client's variables in a value of an entry. Unset variables expand to nothing.
fn expanded(client: &Client, machine: &Machine, value: &str) -> OsString {
    match variable_in(client, value) {
        Some(name) => machine.variable(name).unwrap_or_default(),
        None => value.into(),
    }
}

/// The variable that the whole of `value` refers to, if any.
pub(super) fn variable_in<'a>(client: &Client, value: &'a str) -> Option<&'a str> {
    let Some(Passing::Between(before, after)) = client.passing else {
        return None;
    };
    // Most clients also accept the name without a default.
    let plain_end = after.strip_prefix(":-").unwrap_or(after);
    [after, plain_end].iter().find_map(|after| {
        let name = value.strip_prefix(before)?.strip_suffix(after)?;
        is_name(name).then_some(name)
    })
}

fn is_name(text: &str) -> bool {
    let may_be = |each: char| each.is_ascii_alphanumeric() || each == '_';
    !text.is_empty() && text.chars().all(may_be)
}

fn program(
    client: &Client,
    command: &str,
    environment: &BTreeMap<OsString, OsString>,
    trust: &Trust,
) -> Result<PathBuf, Failure> {
    let path = Path::new(command);
    if path.is_absolute() {
        if path.exists() {
            let admitted = trust.admit(path.to_owned())?;
            if may_run(path) {
                return Ok(admitted);
            }
        }
        let what = if path.exists() {
            "is not an executable program"
        } else {
            "does not exist"
        };
        return Err(broken(client, format!("{} {what}", shown(path))));
    }
    if command.contains(['/', '\\']) {
        return Err(broken(
            client,
            format!(
                "{} is relative, and the client chooses the directory",
                shown(path)
            ),
        ));
    }
    let search = environment.get(OsStr::new("PATH"));
    match search.and_then(|search| on_path(command, search)) {
        Some(found) => trust.admit(found),
        None => Err(broken(
            client,
            format!(
                "{} is not on the PATH that the client passes on",
                shown(path)
            ),
        )),
    }
}

fn broken(client: &Client, message: String) -> Failure {
    Failure::new(Code::IdeLaunchFailed, message).remedy(
        "write the absolute path of this program",
        &install_remedy(client, Scope::User),
    )
}

fn directory(client: &Client, machine: &Machine, scope: Scope, configured: &Configured) -> PathBuf {
    let usual = match (scope, client.launch.directory) {
        (Scope::Project | Scope::Local, _) | (Scope::User, Directory::Project) => {
            machine.project.clone()
        }
        (Scope::User, Directory::Home) => machine.home.clone(),
        (Scope::User, Directory::Top) => top(&machine.home),
    };
    match &configured.directory {
        Some(own) => usual.join(own),
        None => usual,
    }
}

/// The root of the file system `path` is on.
fn top(path: &Path) -> PathBuf {
    path.ancestors().last().unwrap_or(path).to_owned()
}

/// Inherited by the MCP TypeScript SDK on Windows.
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
