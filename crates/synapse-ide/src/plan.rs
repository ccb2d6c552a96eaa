//! Plans the changes of a client's file: adding our entry and removing it. Writes nothing.

use std::path::{Path, PathBuf};

use synapse_core::{Code, Failure, Hint, Remedy};

use crate::change::{Action, FileChange};
use crate::client::{Client, Scope};
use crate::detection::is_detected;
use crate::entry::{Entry, NAME};
use crate::failure::{install_remedy, invalid, not_installed, shown, without_file};
use crate::file;
use crate::format::{self, Edit};
use crate::journal::Journal;
use crate::location::Location;
use crate::machine::Machine;
use crate::preview::Visible;
use crate::seen::{ExistingEntry, FileContent};
use crate::survey::{Survey, SurveyedFile};
use crate::update::update;

/// How to treat a foreign entry under our name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// Fail and leave it unchanged.
    OwnOnly,
    /// Replace it.
    Foreign,
}

/// How to treat the settings of our existing entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Keep them, except those given explicitly.
    Settings,
    /// Recreate the entry.
    Nothing,
}

/// Plans adding `entry` to the client's file of `scope`. Writes nothing.
///
/// An existing entry of ours belongs to the user: only the program's path, fields required by the
/// client's format and explicitly given settings change, unless `keep` says otherwise.
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
) -> Result<FileChange, Failure> {
    entry.fits(client)?;
    let survey = Survey::new(client, machine, entry);
    let first = survey.first_place(scope, entry);
    let place = survey
        .target_place(scope)
        .or(first.as_ref())
        .ok_or_else(|| without_file(client, scope))?;
    let file = place.site.file.clone();
    let seen = place.seen.as_ref().map_err(Clone::clone)?;
    let whole = || Edit::Set(place.path(), entry.fresh(client));
    let anew = || vec![Edit::Remove(place.path()), whole()];
    let mut notes = Vec::new();
    let (action, edits) = match &seen.found {
        ExistingEntry::Nothing if seen.bytes.is_none() => (Action::Create, vec![whole()]),
        ExistingEntry::Nothing => (Action::Add, vec![whole()]),
        ExistingEntry::Foreign(_) if replace == Replace::Foreign => (Action::Replace, anew()),
        ExistingEntry::Foreign(_) => return Err(foreign(client, &file)),
        ExistingEntry::Ours(_, value) if keep == Keep::Nothing => {
            if *value == entry.fresh(client) {
                (Action::Nothing, Vec::new())
            } else {
                (Action::Update, anew())
            }
        }
        ExistingEntry::Ours(_, value) => {
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
    let arguments = FileContent::of(client, &file, after.clone(), &place.section, entry)
        .map(|seen| match seen.found {
            ExistingEntry::Ours(configured, _) => configured.arguments,
            ExistingEntry::Nothing | ExistingEntry::Foreign(_) => Vec::new(),
        })
        .unwrap_or_default();
    let mut warnings: Vec<Hint> = seen.warnings.iter().map(Hint::new).collect();
    warnings.extend(doubts(client, machine, scope, &survey));
    let location = Location::of_client(machine, scope, &file)?;
    warnings.extend(location.warning(machine, scope, &file).map(Hint::new));
    let mut visible = Visible::of(client, entry);
    if let ExistingEntry::Ours(configured, _) = &seen.found {
        visible = visible.and(configured);
    }
    Ok(FileChange {
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

/// Reasons why the client might not load a correct entry in `scope`.
fn doubts(client: &Client, machine: &Machine, scope: Scope, survey: &Survey<'_>) -> Vec<Hint> {
    let mut doubts = Vec::new();
    if scope == Scope::User && !is_detected(client, machine) {
        doubts.push(format!("{} was not found on this machine", client.title()));
    }
    // A first entry for one project has no place yet, and comes before all others.
    let target = survey.target(scope).unwrap_or_default();
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
        let text = format!("{successor}, which replaced {client}, reads its own files");
        hints.push(Hint::with_remedy(
            text,
            install_remedy(successor, Scope::User),
        ));
    }
    hints
}

/// Plans removing our entry from every file of `scope` that the client reads: one change per file.
/// User scope includes the user's entries for single projects. Writes nothing.
///
/// A file unchanged since Synapse edited it is restored byte for byte, or removed if it did not
/// exist before.
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
) -> Result<Vec<FileChange>, Failure> {
    let survey = Survey::new(client, machine, entry);
    let first = survey.first_place(scope, entry);
    let target = survey
        .target_place(scope)
        .or(first.as_ref())
        .ok_or_else(|| without_file(client, scope))?;
    let mut files: Vec<(PathBuf, Vec<SurveyedFile>)> = Vec::new();
    for place in survey.ours(scope, entry) {
        match files.iter_mut().find(|(file, _)| *file == place.site.file) {
            Some((_, places)) => places.push(place),
            None => files.push((place.site.file.clone(), vec![place])),
        }
    }
    if files.is_empty() {
        let seen = target.seen.as_ref().map_err(Clone::clone)?;
        return Err(match &seen.found {
            ExistingEntry::Foreign(_) => foreign(client, &target.site.file),
            ExistingEntry::Nothing | ExistingEntry::Ours(..) => {
                not_installed(client, scope, &target.site.file)
            }
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

/// Removes our entry from all `places` of one file.
fn removal(
    client: &'static Client,
    scope: Scope,
    (file, location): (PathBuf, Location),
    places: &[SurveyedFile],
    entry: &Entry,
    journal: &Journal,
) -> Result<FileChange, Failure> {
    let seen = places.iter().find_map(|place| place.seen.as_ref().ok());
    let Some(seen) = seen else {
        return Err(not_installed(client, scope, &file));
    };
    file::writable(&file)?;
    let mut visible = Visible::of(client, entry);
    for found in places.iter().filter_map(|place| place.seen.as_ref().ok()) {
        if let ExistingEntry::Ours(configured, _) = &found.found {
            visible = visible.and(configured);
        }
    }
    let is_without = |content: Option<&[u8]>| {
        places.iter().all(|place| {
            let bytes = content.map(<[u8]>::to_vec);
            FileContent::of(client, &file, bytes, &place.section, entry)
                .is_ok_and(|seen| seen.found == ExistingEntry::Nothing)
        })
    };
    let content = seen.bytes.as_deref().unwrap_or_default();
    let earlier = journal
        .content_before(&file, content)?
        .filter(|earlier| is_without(earlier.content.as_deref()));
    let after = match earlier {
        Some(earlier) => earlier.content,
        None => {
            let edits: Vec<Edit> = places
                .iter()
                .map(|place| Edit::Remove(place.path()))
                .collect();
            let text = format::edit(client.format, &seen.text, &edits)
                .map_err(|why| invalid(&file, why))?;
            let is_own = file.file_stem().is_some_and(|stem| stem == NAME);
            // A dedicated file is removed with its only entry.
            (!is_own || !is_empty(client, text.as_str())).then(|| text.to_bytes())
        }
    };
    Ok(FileChange {
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

/// Whether a text contains at most the key of entries with nothing in it.
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
        "replace it by ours",
        &Remedy::ReplaceEntry {
            client: client.id().to_owned(),
        },
    )
    .with("client", client.id())
    .with("file", shown(file))
}
