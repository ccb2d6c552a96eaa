//! The variables a client passes to the server of an entry, and its syntax for them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;

use crate::client::{Client, Passing};
use crate::entry::Configured;
use crate::machine::{Machine, System};

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
