//! The state of our entry in a client's files: missing, current, stale or foreign. Read only.

use std::path::{Path, PathBuf};

use serde_json::Value;
use synapse_core::Failure;

use crate::client::{Client, Format, Scope};
use crate::entry::{Configured, Entry, NAME};
use crate::failure::invalid;
use crate::file;
use crate::format::{self, Text};
use crate::machine::Machine;
use crate::survey::Survey;

/// The state of our entry in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryState {
    /// The file does not exist.
    NoFile,
    /// It has no entry of our name.
    Absent,
    /// Our entry, up to date.
    Current,
    /// Our entry, with another command or a shape the client rejects.
    Stale,
    /// An entry of our name that starts something else.
    Foreign,
    /// The file is invalid.
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

/// A place the client reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceState {
    /// Its scope.
    pub scope: Scope,
    /// The file, before links are followed.
    pub file: PathBuf,
    /// Its state.
    pub state: EntryState,
    /// The program our entry starts, as spelled in the file.
    pub command: Option<String>,
    /// The connection our entry is restricted to.
    pub connection: Option<String>,
    /// Whether the client loads this entry in the current project, unless disabled.
    pub wins: bool,
    /// Why the client does not load it, or what else reads the file.
    pub notes: Vec<String>,
}

/// Inspects every place that `client` reads on this machine: in each scope the file that `install`
/// would change, then other existing ones. Arguments after `serve` are the user's choice and do not
/// make an entry stale.
#[must_use]
pub fn states(client: &Client, machine: &Machine, entry: &Entry) -> Vec<PlaceState> {
    let survey = Survey::new(client, machine, entry);
    let mut states = Vec::new();
    for scope in [Scope::User, Scope::Local, Scope::Project] {
        let target = survey.target(scope);
        let others = survey.places.iter().enumerate().filter(|(index, place)| {
            place.site.scope == scope && Some(*index) != target && place.is_there()
        });
        let indices = target
            .into_iter()
            .chain(others.map(|(index, _)| index))
            .collect::<Vec<_>>();
        for index in indices {
            if let Some(place) = survey.places.get(index) {
                states.push(PlaceState {
                    scope,
                    file: place.site.file.clone(),
                    state: place.state(client, entry),
                    command: place.command(),
                    connection: place.connection().map(str::to_owned),
                    wins: survey.wins(index),
                    notes: survey.notes(index),
                });
            }
        }
    }
    states
}

/// Whether the client is detected by its files or by a program on PATH.
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

/// Whether `path` is an executable file.
#[cfg(unix)]
pub(crate) fn may_run(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::metadata(path)
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Whether `path` is an executable file.
#[cfg(not(unix))]
pub(crate) fn may_run(path: &Path) -> bool {
    path.is_file()
}

/// The current content of a client's file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    /// `None` if it does not exist.
    pub(crate) bytes: Option<Vec<u8>>,
    pub(crate) text: Text,
    pub(crate) found: Found,
    pub(crate) warnings: Vec<String>,
}

/// The entry under our name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Found {
    Nothing,
    Ours(Configured, Value),
    Foreign(Value),
}

impl Seen {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// `ide.file-unusable`, `ide.file-invalid`.
    pub(crate) fn at(
        client: &Client,
        path: &Path,
        section: &[String],
        entry: &Entry,
    ) -> Result<Self, Failure> {
        Self::of(client, path, file::read(path)?, section, entry)
    }

    /// Parses `bytes` as the content of the file at `path`.
    ///
    /// # Errors
    /// `ide.file-invalid`.
    pub(crate) fn of(
        client: &Client,
        path: &Path,
        bytes: Option<Vec<u8>>,
        section: &[String],
        entry: &Entry,
    ) -> Result<Self, Failure> {
        let text =
            Text::of(bytes.as_deref().unwrap_or_default()).map_err(|why| invalid(path, why))?;
        let value = format::read(client.format, text.as_str()).map_err(|why| invalid(path, why))?;
        let entries = section.iter().try_fold(&value, |value, key| value.get(key));
        match entries {
            None | Some(Value::Object(_)) => {}
            Some(Value::Null) if client.format == Format::Yaml => {}
            Some(other) => {
                let kind = format::kind(other);
                let why = format!("`{}` is {kind}, an object is needed", section.join("."));
                return Err(invalid(path, why));
            }
        }
        let found = match entries.and_then(|entries| entries.get(NAME)) {
            None => Found::Nothing,
            Some(value) => match Configured::read(client, value) {
                Some(configured) if configured.is_ours(entry.command()) => {
                    Found::Ours(configured, value.clone())
                }
                _ => Found::Foreign(value.clone()),
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

/// Problems for a client that reads plain JSON only.
fn warnings(client: &Client, text: &Text) -> Vec<String> {
    if client.format != Format::Json {
        return Vec::new();
    }
    let mark = text
        .is_marked()
        .then(|| "it begins with a byte order mark; save it as UTF-8 without one".to_owned());
    let syntax = match text.as_str().trim().is_empty() {
        true => None,
        false => format::json_strictly(text.as_str()),
    };
    let problems = mark.into_iter().chain(syntax);
    problems
        .map(|problem| {
            format!(
                "{} reads plain JSON only and will not read this file: {problem}",
                client.title()
            )
        })
        .collect()
}
