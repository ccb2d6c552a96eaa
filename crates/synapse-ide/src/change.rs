//! A change of a client's file before it is made: what stands there, what would, and what that
//! looks like. Making it is the journal's part.

use std::path::{Path, PathBuf};

use synapse_core::{Code, Failure, Hint, Remedy};

use crate::client::{Client, Scope};
use crate::entry::{Entry, NAME};
use crate::failure::{install_remedy, invalid, not_installed, shown, without_file};
use crate::file;
use crate::format::{self, Edit};
use crate::journal::Journal;
use crate::location::Location;
use crate::machine::Machine;
use crate::preview::{self, Visible};
use crate::state::{Found, Seen, is_detected};
use crate::survey::{Place, Survey};
use crate::update::update;

/// What to do with an entry of our name that is somebody else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// Leave it and fail.
    OwnOnly,
    /// Put ours in its place.
    Foreign,
}

/// What becomes of the settings of an entry of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// They stay, but for those that are asked for.
    Settings,
    /// The entry is made anew.
    Nothing,
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
    pub(crate) location: Location,
    pub(crate) action: Action,
    /// The content that the change was made from; `None` for no file.
    pub(crate) before: Option<Vec<u8>>,
    /// The content that it leads to; `None` for no file.
    pub(crate) after: Option<Vec<u8>>,
    pub(crate) warnings: Vec<Hint>,
    pub(crate) notes: Vec<String>,
    /// The record of the journal that this takes back.
    pub(crate) undoes: Option<PathBuf>,
    arguments: Vec<String>,
    /// What the preview may show.
    visible: Visible,
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
    pub fn target(&self) -> Option<&Path> {
        self.location.is_linked.then_some(&self.location.real)
    }

    /// What it does.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// What the user should know before, with what to do about it where something helps.
    #[must_use]
    pub fn warnings(&self) -> &[Hint] {
        &self.warnings
    }

    /// Which settings of an entry are kept or replaced.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The arguments of our entry as it will be; none when it goes.
    #[must_use]
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The change as a unified diff with every line that changes. Comments and values are hidden,
    /// but for the values that Synapse itself writes: any other may be a secret.
    #[must_use]
    pub fn diff(&self) -> String {
        preview::diff(
            self.client,
            &shown(&self.file),
            self.before.as_deref(),
            self.after.as_deref(),
            &self.visible,
        )
    }

    /// A change that gives `file` its old content back.
    ///
    /// # Errors
    /// `ide.file-unusable`.
    pub(crate) fn back(
        client: &'static Client,
        scope: Scope,
        file: PathBuf,
        record: PathBuf,
        contents: (Option<Vec<u8>>, Option<Vec<u8>>),
        entry: &Entry,
    ) -> Result<Self, Failure> {
        let (before, after) = contents;
        let section = [client.key.to_owned()];
        let mut visible = Visible::of(client, entry);
        for content in [&before, &after] {
            let seen = Seen::of(client, &file, content.clone(), &section, entry);
            if let Ok(Found::Ours(configured, _)) = seen.map(|seen| seen.found) {
                visible = visible.and(&configured);
            }
        }
        Ok(Self {
            client,
            scope,
            location: Location::of(&file)?,
            file,
            action: Action::Undo,
            before,
            after,
            warnings: Vec::new(),
            notes: Vec::new(),
            undoes: Some(record),
            arguments: Vec::new(),
            visible,
        })
    }
}

/// What would put `entry` into the client's file of `scope`. Writes nothing.
///
/// An entry of ours stays its owner's: but for the program's path, what the client's format demands
/// and the settings that `entry` was asked to have, it is kept, unless `keep` says otherwise.
///
/// # Errors
/// `ide.not-supported`, `ide.file-unusable`, `ide.file-invalid`, `ide.foreign-entry`.
pub fn install(
    client: &'static Client,
    machine: &Machine,
    scope: Scope,
    entry: &Entry,
    replace: Replace,
    keep: Keep,
) -> Result<Change, Failure> {
    entry.fits(client)?;
    let survey = Survey::new(client, machine, entry);
    let place = survey
        .target_place(scope)
        .ok_or_else(|| without_file(client, scope))?;
    let file = place.site.file.clone();
    let seen = place.seen.as_ref().map_err(Clone::clone)?;
    let whole = || Edit::Set(place.path(), entry.fresh(client));
    let anew = || vec![Edit::Remove(place.path()), whole()];
    let mut notes = Vec::new();
    let (action, edits) = match &seen.found {
        Found::Nothing if seen.bytes.is_none() => (Action::Create, vec![whole()]),
        Found::Nothing => (Action::Add, vec![whole()]),
        Found::Foreign(_) if replace == Replace::Foreign => (Action::Replace, anew()),
        Found::Foreign(_) => return Err(foreign(client, &file)),
        Found::Ours(_, value) if keep == Keep::Nothing => match *value == entry.fresh(client) {
            true => (Action::Nothing, Vec::new()),
            false => (Action::Update, anew()),
        },
        Found::Ours(_, value) => {
            let update = update(client, &place.path(), entry, value);
            notes = update.notes;
            match update.edits {
                edits if edits.is_empty() => (Action::Nothing, edits),
                edits => (Action::Update, edits),
            }
        }
    };
    let after = if edits.is_empty() {
        seen.bytes.clone()
    } else {
        file::writable(&file)?;
        let text =
            format::edit(client.format, &seen.text, &edits).map_err(|why| invalid(&file, why))?;
        Some(text.to_bytes())
    };
    let arguments = Seen::of(client, &file, after.clone(), &place.section, entry)
        .map(|seen| match seen.found {
            Found::Ours(configured, _) => configured.arguments,
            Found::Nothing | Found::Foreign(_) => Vec::new(),
        })
        .unwrap_or_default();
    let mut warnings: Vec<Hint> = seen.warnings.iter().map(Hint::new).collect();
    warnings.extend(doubts(client, machine, scope, &survey));
    let location = Location::of_client(machine, scope, &file)?;
    warnings.extend(location.warning(machine, scope, &file).map(Hint::new));
    let mut visible = Visible::of(client, entry);
    if let Found::Ours(configured, _) = &seen.found {
        visible = visible.and(configured);
    }
    Ok(Change {
        client,
        scope,
        location,
        file,
        action,
        before: seen.bytes.clone(),
        after,
        warnings,
        notes,
        undoes: None,
        arguments,
        visible,
    })
}

/// Why the client might not load an entry in `scope`, however right it is.
fn doubts(client: &Client, machine: &Machine, scope: Scope, survey: &Survey<'_>) -> Vec<Hint> {
    let mut doubts = Vec::new();
    if scope == Scope::User && !is_detected(client, machine) {
        doubts.push(format!(
            "{} does not show itself on this machine",
            client.title()
        ));
    }
    let target = survey.target(scope).unwrap_or(usize::MAX);
    if let Some(wins) = survey.wins
        && wins < target
        && !survey.wins(target)
        && let Some(winner) = survey.places.get(wins)
    {
        doubts.push(format!(
            "there is another entry called `{NAME}`, and {}",
            survey.beaten(winner)
        ));
    }
    let off = survey.off_in(scope).into_iter();
    doubts.extend(off.map(|off| format!("{} will not load it: {}", client.title(), off.why)));
    if scope == Scope::User {
        let elsewhere = survey.elsewhere();
        doubts.extend(elsewhere.map(|place| {
            let reader = place.site.reader.unwrap_or_default();
            format!("{} gets no entry; {reader}", shown(&place.site.file))
        }));
    }
    let mut hints: Vec<Hint> = doubts.into_iter().map(Hint::new).collect();
    if let Some(successor) = client.successor.and_then(Client::named)
        && is_detected(successor, machine)
    {
        let text = format!("{successor}, which took over from {client}, reads files of its own");
        hints.push(Hint::with_remedy(
            text,
            install_remedy(successor, Scope::User),
        ));
    }
    hints
}

/// What would take our entry out of every file of `scope` that the client reads: one change a file.
/// Those of a user for single projects are a user's too. Writes nothing.
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
) -> Result<Vec<Change>, Failure> {
    let survey = Survey::new(client, machine, entry);
    let target = survey
        .target_place(scope)
        .ok_or_else(|| without_file(client, scope))?;
    let mut files: Vec<(PathBuf, Vec<Place>)> = Vec::new();
    for place in survey.ours(scope, entry) {
        match files.iter_mut().find(|(file, _)| *file == place.site.file) {
            Some((_, places)) => places.push(place),
            None => files.push((place.site.file.clone(), vec![place])),
        }
    }
    if files.is_empty() {
        let seen = target.seen.as_ref().map_err(Clone::clone)?;
        return Err(match &seen.found {
            Found::Foreign(_) => foreign(client, &target.site.file),
            Found::Nothing | Found::Ours(..) => not_installed(client, scope, &target.site.file),
        });
    }
    let changes = files.into_iter().map(|(file, places)| {
        let location = Location::of_client(machine, scope, &file)?;
        let warning = location.warning(machine, scope, &file);
        let mut change = removal(client, scope, (file, location), &places, entry, journal)?;
        change.warnings.extend(warning.map(Hint::new));
        Ok(change)
    });
    changes.collect()
}

/// Takes our entry out of all `places` of one file.
fn removal(
    client: &'static Client,
    scope: Scope,
    (file, location): (PathBuf, Location),
    places: &[Place],
    entry: &Entry,
    journal: &Journal,
) -> Result<Change, Failure> {
    let seen = places.iter().find_map(|place| place.seen.as_ref().ok());
    let Some(seen) = seen else {
        return Err(not_installed(client, scope, &file));
    };
    file::writable(&file)?;
    let mut visible = Visible::of(client, entry);
    for found in places.iter().filter_map(|place| place.seen.as_ref().ok()) {
        if let Found::Ours(configured, _) = &found.found {
            visible = visible.and(configured);
        }
    }
    let is_without = |content: Option<&[u8]>| {
        places.iter().all(|place| {
            let bytes = content.map(<[u8]>::to_vec);
            Seen::of(client, &file, bytes, &place.section, entry)
                .is_ok_and(|seen| seen.found == Found::Nothing)
        })
    };
    let content = seen.bytes.as_deref().unwrap_or_default();
    let earlier = journal
        .content_before(&file, content)?
        .filter(|earlier| is_without(earlier.as_deref()));
    let after = match earlier {
        Some(earlier) => earlier,
        None => {
            let edits: Vec<Edit> = places
                .iter()
                .map(|place| Edit::Remove(place.path()))
                .collect();
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
        action: Action::Remove,
        before: seen.bytes.clone(),
        after,
        warnings: seen.warnings.iter().map(Hint::new).collect(),
        notes: Vec::new(),
        undoes: None,
        arguments: Vec::new(),
        visible,
        location,
        file,
    })
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
    .remedy(
        "put ours in its place",
        &Remedy::ReplaceEntry {
            client: client.id().to_owned(),
        },
    )
    .with("client", client.id())
    .with("file", shown(file))
}
