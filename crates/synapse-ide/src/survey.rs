//! Every place a client reads: which ones have an entry of our name, which takes precedence, and
//! what disables it. Read only.

use serde_json::Value;
use synapse_core::Failure;

use crate::client::{Client, FileFormat, Key, Merge, Rule, Scope, Site, Switch, usual};
use crate::entry::{Configured, Entry, NAME};
use crate::failure::shown;
use crate::file;
use crate::format::{self, Text};
use crate::machine::Machine;
use crate::patterns::{Verdict, refusing};
use crate::seen::{EntryState, ExistingEntry, FileContent};
use crate::update::update;

/// A place with its content.
#[derive(Debug)]
pub(crate) struct SurveyedFile {
    pub(crate) site: Site,
    /// The keys of the object of entries.
    pub(crate) section: Vec<String>,
    pub(crate) seen: Result<FileContent, Failure>,
}

impl SurveyedFile {
    fn at(client: &Client, site: Site, section: Vec<String>, entry: &Entry) -> Self {
        let seen = FileContent::at(client, &site.file, &section, entry);
        Self {
            site,
            section,
            seen,
        }
    }

    /// The keys of our entry.
    pub(crate) fn path(&self) -> Vec<String> {
        let name = std::iter::once(NAME.to_owned());
        self.section.iter().cloned().chain(name).collect()
    }

    /// Whether the file exists and, for single-project entries, the entry too.
    pub(crate) fn is_there(&self) -> bool {
        match &self.seen {
            Ok(seen) => seen.bytes.is_some(),
            Err(_) => true,
        }
    }

    /// The entry of our name, ours or foreign.
    pub(crate) fn value(&self) -> Option<&Value> {
        match &self.seen.as_ref().ok()?.found {
            ExistingEntry::Ours(_, value) | ExistingEntry::Foreign(value) => Some(value),
            ExistingEntry::Nothing => None,
        }
    }

    /// The program it starts, if it is ours.
    pub(crate) fn command(&self) -> Option<String> {
        match &self.seen.as_ref().ok()?.found {
            ExistingEntry::Ours(configured, _) => Some(configured.command.clone()),
            ExistingEntry::Foreign(_) | ExistingEntry::Nothing => None,
        }
    }

    /// Whether the entry is ours.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(&self.seen, Ok(seen) if matches!(seen.found, ExistingEntry::Ours(..)))
    }

    /// The connection our entry is restricted to.
    pub(crate) fn connection(&self) -> Option<&str> {
        match &self.seen {
            Ok(FileContent {
                found: ExistingEntry::Ours(configured, _),
                ..
            }) => configured.connection(),
            _ => None,
        }
    }

    pub(crate) fn state(&self, client: &Client, entry: &Entry) -> EntryState {
        let seen = match &self.seen {
            Ok(seen) => seen,
            Err(failure) => return EntryState::Broken(Box::new(failure.clone())),
        };
        match &seen.found {
            ExistingEntry::Nothing if seen.bytes.is_none() => EntryState::NoFile,
            ExistingEntry::Nothing => EntryState::Absent,
            ExistingEntry::Foreign(_) => EntryState::Foreign,
            ExistingEntry::Ours(_, value) => {
                let plain = entry.without_settings();
                if update(client, &self.path(), &plain, value).edits.is_empty() {
                    EntryState::Current
                } else {
                    EntryState::Stale
                }
            }
        }
    }
}

/// A reason why an entry is not loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Off {
    pub(crate) why: String,
    pub(crate) remedy: String,
}

/// All places of a client on a machine.
#[derive(Debug)]
pub(crate) struct Survey<'a> {
    client: &'a Client,
    machine: &'a Machine,
    own_command: String,
    /// Highest precedence first.
    pub(crate) places: Vec<SurveyedFile>,
    /// The place whose entry the client loads.
    pub(crate) wins: Option<usize>,
}

impl<'a> Survey<'a> {
    pub(crate) fn new(client: &'a Client, machine: &'a Machine, entry: &Entry) -> Self {
        let mut places = Vec::new();
        for site in client.sites(machine) {
            if site.scope == Scope::Local {
                for key in projects(&site) {
                    let section = vec![PROJECTS.to_owned(), key.clone(), client.key.to_owned()];
                    if machine.is_project(&key) {
                        places.push(SurveyedFile::at(client, site.clone(), section, entry));
                    }
                }
            } else {
                let section = vec![client.key.to_owned()];
                places.push(SurveyedFile::at(client, site, section, entry));
            }
        }
        // Of the projects in a file, only those with an entry count.
        places.retain(|place| place.site.scope != Scope::Local || place.value().is_some());
        let wins = places
            .iter()
            .position(|place| place.site.reader.is_none() && place.value().is_some());
        Self {
            client,
            machine,
            own_command: entry.command().to_owned(),
            places,
            wins,
        }
    }

    /// Whether the client loads the entry at `index`. If the home is also the project, the files of
    /// both scopes may be the same.
    pub(crate) fn wins(&self, index: usize) -> bool {
        let winner = self.wins.and_then(|wins| self.places.get(wins));
        let place = self.places.get(index);
        self.wins == Some(index)
            || winner
                .zip(place)
                .is_some_and(|(winner, place)| is_same(winner, place))
    }

    /// The command of this program, which identifies our entries.
    pub(crate) fn own_command(&self) -> &str {
        &self.own_command
    }

    /// The place `install` changes in `scope`: with our entry, else with an entry of our name, else
    /// for a new one.
    pub(crate) fn target(&self, scope: Scope) -> Option<usize> {
        let of_scope =
            |place: &&SurveyedFile| place.site.scope == scope && place.site.reader.is_none();
        let index = |found: &SurveyedFile| {
            let mut places = self.places.iter();
            places.position(|place| std::ptr::eq(place, found))
        };
        let places = || self.places.iter().filter(of_scope);
        let is_whole = |value: &Value| {
            self.client.merge == Merge::Whole || Configured::read(self.client, value).is_some()
        };
        let found = places().find(|place| place.is_ours()).or_else(|| {
            places().find(|place| !place.site.is_above && place.value().is_some_and(is_whole))
        });
        if let Some(found) = found {
            return index(found);
        }
        let sites: Vec<Site> = self.places.iter().map(|place| place.site.clone()).collect();
        let usual = usual(&sites, scope)?;
        places().find(|place| place.site == *usual).and_then(index)
    }

    /// The place of `target`.
    pub(crate) fn target_place(&self, scope: Scope) -> Option<&SurveyedFile> {
        self.places.get(self.target(scope)?)
    }

    /// The place for a first entry in `scope` that `places` does not list: that of this project in
    /// the user's file, under the key that the client uses for it.
    pub(crate) fn first_place(&self, scope: Scope, entry: &Entry) -> Option<SurveyedFile> {
        let mut sites = self.client.sites(self.machine).into_iter();
        let site = sites.find(|site| site.scope == scope && scope == Scope::Local)?;
        let mut known = project_values(&site).into_iter().map(|(key, _)| key);
        let key = known
            .find(|key| self.machine.is_project(key))
            .unwrap_or_else(|| self.machine.project_key());
        let section = vec![PROJECTS.to_owned(), key, self.client.key.to_owned()];
        Some(SurveyedFile::at(self.client, site, section, entry))
    }

    /// The entry as the client loads it, merged from all places.
    pub(crate) fn loaded(&self) -> Option<Value> {
        let winner = self.places.get(self.wins?)?;
        if self.client.merge == Merge::Whole {
            return winner.value().cloned();
        }
        let parts = self
            .places
            .iter()
            .rev()
            .filter(|place| place.site.reader.is_none())
            .filter_map(SurveyedFile::value);
        parts.cloned().reduce(|mut below, above| {
            merge(&mut below, above);
            below
        })
    }

    /// Settings that would disable an entry in `scope`, apart from its own fields.
    pub(crate) fn off_in(&self, scope: Scope) -> Vec<Off> {
        let switches = self.client.switches.iter();
        switches
            .filter(|switch| switch.scopes.contains(&scope))
            .filter_map(|switch| self.switched(switch))
            .collect()
    }

    /// Settings that disable the loaded entry.
    pub(crate) fn off(&self) -> Vec<Off> {
        let Some(winner) = self.wins.and_then(|wins| self.places.get(wins)) else {
            return Vec::new();
        };
        let mut off = Vec::new();
        let loaded = self.loaded();
        let flag = loaded
            .as_ref()
            .and_then(|value| Configured::read(self.client, value)?.off);
        if let Some((field, value)) = flag {
            let with = self.places.iter().find(|place| {
                place.site.reader.is_none()
                    && place.value().and_then(|found| found.get(field)) == Some(&Value::Bool(value))
            });
            let file = shown(&with.unwrap_or(winner).site.file);
            off.push(Off {
                why: format!("its entry in {file} has `{field}`: {value}"),
                remedy: format!("set `{field}` to {} in {file}", !value),
            });
        }
        let allows = self.client.allows.iter();
        off.extend(
            allows
                .filter(|field| offers_nothing(loaded.as_ref(), field))
                .map(|field| {
                    let with = self.places.iter().find(|place| {
                        place.site.reader.is_none() && offers_nothing(place.value(), field)
                    });
                    let file = shown(&with.unwrap_or(winner).site.file);
                    Off {
                        why: format!(
                            "its entry in {file} has an empty `{field}`: it offers no tool"
                        ),
                        remedy: format!("name tools in `{field}` in {file}"),
                    }
                }),
        );
        off.extend(self.off_in(winner.site.scope));
        off
    }

    fn switched(&self, switch: &Switch) -> Option<Off> {
        for spot in switch.files {
            let Some(path) = spot.on(self.machine) else {
                continue;
            };
            // Unreadable settings are ignored; the client reports them itself.
            let Ok(Some(bytes)) = file::read(&path) else {
                continue;
            };
            let file = shown(&path);
            if switch.rule == Rule::Exists {
                return Some(Off {
                    why: format!("{file} exists, and {} reads no other", self.client),
                    remedy: "ask the administrator of this machine".to_owned(),
                });
            }
            let Ok(root) =
                Text::of(&bytes).and_then(|text| format::read(FileFormat::Jsonc, text.as_str()))
            else {
                continue;
            };
            let Some(value) = self.follow(&root, switch.path) else {
                continue;
            };
            let setting = switch.path.iter().filter_map(|key| match key {
                Key::Name(name) => Some(*name),
                Key::Entry => Some(NAME),
                Key::Project => None,
            });
            let setting = setting.collect::<Vec<_>>().join(".");
            let names_us = || value.as_array().is_some_and(|list| list.iter().any(is_us));
            let (why, remedy) = match switch.rule {
                Rule::Lists if names_us() => (
                    format!("`{setting}` in {file} names `{NAME}`"),
                    format!("take `{NAME}` out of `{setting}` in {file}"),
                ),
                Rule::ListsOthers if value.as_array().is_some_and(|list| !list.is_empty()) => {
                    if names_us() {
                        return None;
                    }
                    (
                        format!("`{setting}` in {file} does not name `{NAME}`"),
                        format!("add `{NAME}` to `{setting}` in {file}"),
                    )
                }
                Rule::Is(flag) if value.as_bool() == Some(flag) => (
                    format!("`{setting}` in {file} is {flag}"),
                    format!("set `{setting}` to {} in {file}", !flag),
                ),
                Rule::Says(text) if value.as_str() == Some(text) => (
                    format!("`{setting}` in {file} is `{text}`"),
                    format!("set `{setting}` to another value in {file}"),
                ),
                Rule::Refuses => match refusing(value) {
                    Verdict::Refused(pattern) => (
                        format!("`{setting}` in {file} turns off `{pattern}`"),
                        format!("take `{pattern}` out of `{setting}` in {file}"),
                    ),
                    Verdict::Allowed => return None,
                    Verdict::Silent => continue,
                },
                Rule::Is(_) | Rule::Says(_) => return None,
                Rule::Lists | Rule::ListsOthers | Rule::Exists => continue,
            };
            return Some(Off { why, remedy });
        }
        None
    }

    fn follow<'v>(&self, root: &'v Value, path: &[Key]) -> Option<&'v Value> {
        path.iter().try_fold(root, |value, key| match key {
            Key::Name(name) => value.get(*name),
            Key::Entry => value.get(NAME),
            Key::Project => {
                let mut projects = value.as_object()?.iter();
                let found = projects.find(|(name, _)| self.machine.is_project(name));
                found.map(|(_, value)| value)
            }
        })
    }

    /// Notes on the place at `index`.
    pub(crate) fn notes(&self, index: usize) -> Vec<String> {
        let Some(place) = self.places.get(index) else {
            return Vec::new();
        };
        if let Some(reader) = place.site.reader {
            return vec![reader.to_owned()];
        }
        if place.value().is_none() {
            return Vec::new();
        }
        if self.wins(index) {
            let off = self.off().into_iter();
            return off
                .map(|off| format!("switched off: {}", off.why))
                .collect();
        }
        let winner = self.wins.and_then(|wins| self.places.get(wins));
        winner
            .map(|winner| self.beaten(winner))
            .into_iter()
            .collect()
    }

    /// A note that the entry of `winner` takes precedence.
    pub(crate) fn beaten(&self, winner: &SurveyedFile) -> String {
        let place = place_in_words(winner);
        match self.client.merge {
            Merge::Whole => format!("{} loads that of {place}", self.client),
            Merge::Fields => format!("{} lays that of {place} over it", self.client),
        }
    }

    /// Files of special readers that have no entry of ours.
    pub(crate) fn elsewhere(&self) -> impl Iterator<Item = &SurveyedFile> {
        self.places.iter().filter(|place| {
            place.site.reader.is_some()
                && place.is_there()
                && place.value().is_none()
                && place.site.scope == Scope::User
        })
    }

    /// The places in files of `scope` with our entry; user scope includes entries for any single
    /// project.
    pub(crate) fn ours(&self, scope: Scope, entry: &Entry) -> Vec<SurveyedFile> {
        let mut ours = Vec::new();
        for site in self.client.sites(self.machine) {
            let sections = match (scope, site.scope) {
                (Scope::User | Scope::Local, Scope::Local) => projects(&site)
                    .into_iter()
                    .map(|key| vec![PROJECTS.to_owned(), key, self.client.key.to_owned()])
                    .collect(),
                (Scope::User, Scope::User) | (Scope::Project, Scope::Project) if !site.is_above => {
                    vec![vec![self.client.key.to_owned()]]
                }
                _ => continue,
            };
            let places = sections
                .into_iter()
                .map(|section| SurveyedFile::at(self.client, site.clone(), section, entry));
            ours.extend(places.filter(SurveyedFile::is_ours));
        }
        ours
    }
}

/// Whether the entry lists its tools in `field`, and none.
fn offers_nothing(entry: Option<&Value>, field: &str) -> bool {
    let listed = entry.and_then(|entry| entry.get(field)?.as_array());
    listed.is_some_and(Vec::is_empty)
}

/// Whether two places resolve to the same file.
fn is_same(one: &SurveyedFile, other: &SurveyedFile) -> bool {
    let real = |place: &SurveyedFile| place.site.file.canonicalize().ok();
    one.section == other.section
        && (one.site.file == other.site.file || real(one).is_some_and(|it| real(other) == Some(it)))
}

/// A place, for messages.
pub(crate) fn place_in_words(place: &SurveyedFile) -> String {
    let file = shown(&place.site.file);
    match place.section.as_slice() {
        [first, project, _] if first == PROJECTS => {
            let project = shown(std::path::Path::new(project));
            format!("{file} for the project {project}")
        }
        _ => file,
    }
}

/// The projects with entries in a file.
fn projects(site: &Site) -> Vec<String> {
    let has_entry = |value: &Value| {
        let mut servers = value.as_object().into_iter().flat_map(|it| it.values());
        servers.any(|servers| servers.get(NAME).is_some())
    };
    let all = project_values(site).into_iter();
    let with_entry = all.filter(|(_, value)| has_entry(value));
    with_entry.map(|(key, _)| key).collect()
}

/// The projects of a file, by the path that the client wrote.
fn project_values(site: &Site) -> Vec<(String, Value)> {
    let read = || {
        let bytes = file::read(&site.file).ok()??;
        let text = Text::of(&bytes).ok()?;
        let mut root = format::read(FileFormat::Jsonc, text.as_str()).ok()?;
        let Value::Object(projects) = root.get_mut(PROJECTS)?.take() else {
            return None;
        };
        Some(projects.into_iter().collect())
    };
    read().unwrap_or_default()
}

/// Merges `above` into `below`, recursively for objects.
fn merge(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                match below.get_mut(&key) {
                    Some(there) => merge(there, value),
                    None => drop(below.insert(key, value)),
                }
            }
        }
        (below, above) => *below = above,
    }
}

/// Whether a list item names our server. Clients compare case-insensitively.
fn is_us(item: &Value) -> bool {
    let name = item
        .as_str()
        .or_else(|| item.get("serverName").and_then(Value::as_str));
    name.is_some_and(|name| name.trim().eq_ignore_ascii_case(NAME))
}

const PROJECTS: &str = "projects";
