//! What stands in a client's files: nothing, our entry as it should be, an old one, or somebody
//! else's. Only reads.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use synapse_core::Failure;

use crate::client::{Client, Format, Scope};
use crate::entry::{Configured, Entry, NAME, SYNAPSE_HOME, SYNAPSE_VAULT_KEY_FILE};
use crate::failure::invalid;
use crate::file;
use crate::format::{self, Edit, Text};
use crate::machine::Machine;

/// What a file of a client says about us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryState {
    /// There is no such file.
    NoFile,
    /// There is no entry of our name.
    Absent,
    /// Our entry, as it should be.
    Current,
    /// Our entry, with another command or other files than this Synapse has.
    Stale,
    /// An entry of our name that starts something else.
    Foreign,
    /// The file cannot be understood.
    Broken(Box<Failure>),
}

impl EntryState {
    /// The stable name.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NoFile => "no-file",
            Self::Absent => "absent",
            Self::Current => "current",
            Self::Stale => "stale",
            Self::Foreign => "foreign",
            Self::Broken(_) => "broken",
        }
    }
}

/// One file of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceState {
    /// For whom it counts.
    pub scope: Scope,
    /// The file, before links are followed.
    pub file: PathBuf,
    /// What it says.
    pub state: EntryState,
}

/// Looks at every file that `client` has on this machine. What follows `serve` in an entry is its
/// owner's choice and makes it no staler.
#[must_use]
pub fn states(client: &Client, machine: &Machine, entry: &Entry) -> Vec<PlaceState> {
    [Scope::User, Scope::Project]
        .into_iter()
        .filter_map(|scope| {
            let file = client.file(machine, scope)?;
            let state = state(client, &file, entry);
            Some(PlaceState { scope, file, state })
        })
        .collect()
}

/// Whether the client shows itself on this machine: by its files, or by a program on PATH.
#[must_use]
pub fn is_detected(client: &Client, machine: &Machine) -> bool {
    let signs = client.signs.iter().filter_map(|spot| spot.on(machine));
    let path = machine.variable("PATH").unwrap_or_default();
    signs.into_iter().any(|sign| sign.exists())
        || client
            .programs
            .iter()
            .any(|program| on_path(program, &path).is_some())
}

/// The first program of that name in the directories of `path`.
pub(crate) fn on_path(program: &str, path: &std::ffi::OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .filter(|directory| directory.is_absolute())
        .flat_map(|directory| {
            ["", ".exe", ".cmd"].map(|suffix| directory.join(format!("{program}{suffix}")))
        })
        .find(|candidate| may_run(candidate))
}

/// Whether `path` is a file that may be executed.
#[cfg(unix)]
pub(crate) fn may_run(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::metadata(path)
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Whether `path` is a file that may be executed.
#[cfg(not(unix))]
pub(crate) fn may_run(path: &Path) -> bool {
    path.is_file()
}

fn state(client: &Client, file: &Path, entry: &Entry) -> EntryState {
    let seen = match Seen::at(client, file, entry) {
        Ok(seen) => seen,
        Err(failure) => return EntryState::Broken(Box::new(failure)),
    };
    match &seen.found {
        Found::Nothing if seen.bytes.is_none() => EntryState::NoFile,
        Found::Nothing => EntryState::Absent,
        Found::Foreign => EntryState::Foreign,
        Found::Ours(configured, value) => {
            let wanted = entry.clone().with_arguments_of(configured);
            if differences(client, &wanted, value).is_empty() {
                EntryState::Current
            } else {
                EntryState::Stale
            }
        }
    }
}

/// A file of a client as it is now.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    /// `None` when there is no file.
    pub(crate) bytes: Option<Vec<u8>>,
    pub(crate) text: Text,
    pub(crate) found: Found,
    pub(crate) warnings: Vec<String>,
}

/// What stands under our name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Found {
    Nothing,
    Ours(Configured, Value),
    Foreign,
}

impl Seen {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// `ide.file-unusable`, `ide.file-invalid`.
    pub(crate) fn at(client: &Client, path: &Path, entry: &Entry) -> Result<Self, Failure> {
        Self::of(client, path, file::read(path)?, entry)
    }

    /// Understands `bytes` as the content of the file at `path`.
    ///
    /// # Errors
    /// `ide.file-invalid`.
    pub(crate) fn of(
        client: &Client,
        path: &Path,
        bytes: Option<Vec<u8>>,
        entry: &Entry,
    ) -> Result<Self, Failure> {
        let text =
            Text::of(bytes.as_deref().unwrap_or_default()).map_err(|why| invalid(path, why))?;
        let value = format::read(client.format, text.as_str()).map_err(|why| invalid(path, why))?;
        match format::at(&value, &[client.key]) {
            None | Some(Value::Object(_)) => {}
            Some(Value::Null) if client.format == Format::Yaml => {}
            Some(other) => {
                let kind = format::kind(other);
                let why = format!("`{}` is {kind}, an object is needed", client.key);
                return Err(invalid(path, why));
            }
        }
        let found = match format::at(&value, &[client.key, NAME]) {
            None => Found::Nothing,
            Some(value) => match Configured::read(client, value) {
                Some(configured) if configured.is_ours(entry.command()) => {
                    Found::Ours(configured, value.clone())
                }
                _ => Found::Foreign,
            },
        };
        Ok(Self {
            warnings: warnings(client, &text),
            bytes,
            text,
            found,
        })
    }
}

fn warnings(client: &Client, text: &Text) -> Vec<String> {
    if client.format != Format::Json || text.as_str().trim().is_empty() {
        return Vec::new();
    }
    let problem = format::json_strictly(text.as_str());
    problem
        .map(|problem| {
            format!(
                "{} reads plain JSON only and will not read this file: {problem}",
                client.title()
            )
        })
        .into_iter()
        .collect()
}

/// What has to change in our entry `value` to make it say what `entry` says. Other fields are the
/// user's.
pub(crate) fn differences(client: &Client, entry: &Entry, value: &Value) -> Vec<Edit> {
    let path = |rest: &[&str]| -> Vec<String> {
        [client.key, NAME]
            .iter()
            .chain(rest)
            .map(|&key| key.to_owned())
            .collect()
    };
    let mut edits = Vec::new();
    for (field, wanted) in entry.own_fields(&client.shape) {
        if value.get(field) != Some(&wanted) {
            edits.push(Edit::Set(path(&[field]), wanted));
        }
    }
    let environment = client.shape.environment;
    let variables = entry.environment();
    for name in [SYNAPSE_HOME, SYNAPSE_VAULT_KEY_FILE] {
        let wanted = variables.iter().find(|(each, _)| *each == name);
        let there = format::at(value, &[environment, name]);
        match (wanted, there) {
            (Some((_, wanted)), there) if there != Some(&json!(wanted)) => {
                edits.push(Edit::Set(path(&[environment, name]), json!(wanted)));
            }
            (None, Some(_)) => edits.push(Edit::Remove(path(&[environment, name]))),
            _ => {}
        }
    }
    edits
}
