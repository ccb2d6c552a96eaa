//! A change of a client's file before it is made: what stands there, what would, and what that
//! looks like. Making it is the journal's part.

use std::path::{Path, PathBuf};

use serde_json::Value;
use synapse_core::{Code, Failure};

use crate::client::{Client, Scope};
use crate::entry::{Entry, NAME};
use crate::failure::{invalid, not_installed, shown, without_file};
use crate::file;
use crate::format::{self, Edit};
use crate::journal::Journal;
use crate::machine::Machine;
use crate::preview;
use crate::state::{Found, Seen, differences, is_detected};

/// What to do with an entry of our name that is somebody else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// Leave it and fail.
    OwnOnly,
    /// Put ours in its place.
    Foreign,
}

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Makes a file with our entry.
    Create,
    /// Adds our entry to a file.
    Add,
    /// Changes our entry.
    Update,
    /// Puts our entry in the place of another one.
    Replace,
    /// Removes our entry.
    Remove,
    /// Gives a file back the content that it had.
    Undo,
    /// Changes nothing: it is as it should be.
    Nothing,
}

impl Action {
    /// The stable name, a participle.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "created",
            Self::Add => "added",
            Self::Update => "updated",
            Self::Replace => "replaced",
            Self::Remove => "removed",
            Self::Undo => "undone",
            Self::Nothing => "unchanged",
        }
    }
}

/// A change that can be looked at, and then made once.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub(crate) client: &'static Client,
    pub(crate) scope: Scope,
    pub(crate) file: PathBuf,
    pub(crate) action: Action,
    /// The content that the change was made from; `None` for no file.
    pub(crate) before: Option<Vec<u8>>,
    /// The content that it leads to; `None` for no file.
    pub(crate) after: Option<Vec<u8>>,
    pub(crate) warnings: Vec<String>,
    /// The record of the journal that this takes back.
    pub(crate) undoes: Option<PathBuf>,
    /// Texts of our entries, which the preview may show.
    own: Vec<String>,
}

impl Change {
    /// Whose file it is.
    #[must_use]
    pub fn client(&self) -> &'static Client {
        self.client
    }

    /// For whom the file counts.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The file, before links are followed.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Where the file really is, when links lead elsewhere.
    #[must_use]
    pub fn target(&self) -> Option<PathBuf> {
        file::target(&self.file)
            .ok()
            .filter(|target| *target != self.file)
    }

    /// What it does.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// What the user should know before.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The change as a unified diff. Values that are not of our entry are not shown, because they
    /// may be secrets of other servers.
    #[must_use]
    pub fn diff(&self) -> String {
        preview::diff(
            &shown(&self.file),
            self.before.as_deref(),
            self.after.as_deref(),
            &self.own,
            self.client.format,
        )
    }

    /// A change that gives `file` its old content back.
    pub(crate) fn back(
        client: &'static Client,
        scope: Scope,
        file: PathBuf,
        record: PathBuf,
        contents: (Option<Vec<u8>>, Option<Vec<u8>>),
    ) -> Self {
        let (before, after) = contents;
        let own = [&before, &after]
            .into_iter()
            .flat_map(|content| own_texts(client, content.as_deref()))
            .collect();
        Self {
            client,
            scope,
            file,
            action: Action::Undo,
            before,
            after,
            warnings: Vec::new(),
            undoes: Some(record),
            own,
        }
    }
}

/// What would put `entry` into the client's file of `scope`. Writes nothing.
///
/// # Errors
/// `ide.not-supported`, `ide.file-unusable`, `ide.file-invalid`, `ide.foreign-entry`.
pub fn install(
    client: &'static Client,
    machine: &Machine,
    scope: Scope,
    entry: &Entry,
    replace: Replace,
) -> Result<Change, Failure> {
    let file = client
        .file(machine, scope)
        .ok_or_else(|| without_file(client, scope))?;
    let seen = Seen::at(client, &file, entry)?;
    let whole = || Edit::Set(path(client), entry.fresh(client));
    let (action, edits) = match &seen.found {
        Found::Nothing if seen.bytes.is_none() => (Action::Create, vec![whole()]),
        Found::Nothing => (Action::Add, vec![whole()]),
        Found::Foreign if replace == Replace::Foreign => {
            let gone = Edit::Remove(path(client));
            (Action::Replace, vec![gone, whole()])
        }
        Found::Foreign => return Err(foreign(client, &file)),
        Found::Ours(_, value) => match differences(client, entry, value) {
            edits if edits.is_empty() => (Action::Nothing, edits),
            edits => (Action::Update, edits),
        },
    };
    let after = if edits.is_empty() {
        seen.bytes.clone()
    } else {
        file::writable(&file)?;
        let text =
            format::edit(client.format, &seen.text, &edits).map_err(|why| invalid(&file, why))?;
        Some(text.to_bytes())
    };
    let mut warnings = seen.warnings;
    if scope == Scope::User && !is_detected(client, machine) {
        warnings.push(format!(
            "{} does not show itself on this machine",
            client.title()
        ));
    }
    let mut own = own_texts(client, after.as_deref());
    if let Found::Ours(_, value) = &seen.found {
        texts(value, &mut own);
    }
    Ok(Change {
        client,
        scope,
        file,
        action,
        before: seen.bytes,
        after,
        warnings,
        undoes: None,
        own,
    })
}

/// What would take our entry out of the client's file of `scope`. Writes nothing.
///
/// A file that is still as Synapse left it gets back exactly what it had before, which may be
/// nothing at all.
///
/// # Errors
/// `ide.not-supported`, `ide.file-unusable`, `ide.file-invalid`, `ide.foreign-entry`,
/// `ide.not-installed`, `storage.unavailable`.
pub fn remove(
    client: &'static Client,
    machine: &Machine,
    scope: Scope,
    entry: &Entry,
    journal: &Journal,
) -> Result<Change, Failure> {
    let file = client
        .file(machine, scope)
        .ok_or_else(|| without_file(client, scope))?;
    let seen = Seen::at(client, &file, entry)?;
    let value = match &seen.found {
        Found::Nothing => return Err(not_installed(client, scope, &file)),
        Found::Foreign => return Err(foreign(client, &file)),
        Found::Ours(_, value) => value,
    };
    file::writable(&file)?;
    let mut own = Vec::new();
    texts(value, &mut own);
    let content = seen.bytes.as_deref().unwrap_or_default();
    let earlier = journal
        .content_before(&file, content)?
        .filter(|earlier| is_without_entry(client, &file, earlier.as_deref(), entry));
    let after = match earlier {
        Some(earlier) => earlier,
        None => {
            let edits = [Edit::Remove(path(client))];
            let text = format::edit(client.format, &seen.text, &edits)
                .map_err(|why| invalid(&file, why))?;
            let is_own = file.file_stem().is_some_and(|stem| stem == NAME);
            // A file of its own goes with the only thing that was in it.
            (!is_own || !is_empty(client, text.as_str())).then(|| text.to_bytes())
        }
    };
    Ok(Change {
        client,
        scope,
        file,
        action: Action::Remove,
        before: seen.bytes,
        after,
        warnings: seen.warnings,
        undoes: None,
        own,
    })
}

fn path(client: &Client) -> Vec<String> {
    vec![client.key.to_owned(), NAME.to_owned()]
}

fn is_without_entry(client: &Client, file: &Path, content: Option<&[u8]>, entry: &Entry) -> bool {
    Seen::of(client, file, content.map(<[u8]>::to_vec), entry)
        .is_ok_and(|seen| seen.found == Found::Nothing)
}

/// Whether a text has the key of entries and nothing in it, or nothing at all.
fn is_empty(client: &Client, text: &str) -> bool {
    let Ok(value) = format::read(client.format, text) else {
        return false;
    };
    let Some(object) = value.as_object() else {
        return value.is_null();
    };
    object.iter().all(|(key, inner)| {
        key == client.key && inner.as_object().is_some_and(serde_json::Map::is_empty)
    })
}

/// The texts of our entry in `content`.
fn own_texts(client: &Client, content: Option<&[u8]>) -> Vec<String> {
    let mut own = Vec::new();
    let value = content
        .and_then(|bytes| format::Text::of(bytes).ok())
        .and_then(|text| format::read(client.format, text.as_str()).ok());
    if let Some(found) = value
        .as_ref()
        .and_then(|value| format::at(value, &[client.key, NAME]))
    {
        texts(found, &mut own);
    }
    own
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|each| texts(each, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn foreign(client: &Client, file: &Path) -> Failure {
    Failure::new(
        Code::IdeForeignEntry,
        format!(
            "{} has an entry called `synapse` that is not ours",
            client.title()
        ),
    )
    .cause("it does not start this program with `serve`; it was left as it is")
    .hint(format!("look at it in {}", shown(file)))
    .command(
        "put ours in its place",
        format!("synapse ide install {} --force", client.id()),
    )
    .with("client", client.id())
    .with("file", shown(file))
}
