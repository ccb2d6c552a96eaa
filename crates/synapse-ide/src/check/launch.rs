//! How a client starts an entry: the program, the variables, the directory. Starts nothing.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use synapse_core::redact::printable;
use synapse_core::{Code, Failure};

use super::trust::Trust;
use super::variables::variables;
use crate::client::{Client, Directory, Scope};
use crate::detection::{may_run, on_path};
use crate::entry::Configured;
use crate::failure::{install_remedy, shown};
use crate::machine::Machine;

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
