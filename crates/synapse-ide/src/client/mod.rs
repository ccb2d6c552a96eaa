//! The model of a client: its files, the shape of an entry, how it starts a server. The data is in
//! the table; no logic here.

mod common;
mod table;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub use self::table::CLIENTS;
use crate::machine::{Machine, Root, System, joined, matching};
/// The scope of an entry.
pub use synapse_core::error::EntryScope as Scope;

/// An MCP client that can start Synapse over stdio.
#[derive(Debug, PartialEq, Eq)]
pub struct Client {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) format: FileFormat,
    /// The top-level key of the entries.
    pub(crate) key: &'static str,
    pub(crate) shape: EntryShape,
    /// Highest precedence first; empty for a client with pasted settings.
    pub(crate) places: &'static [EntryLocation],
    /// How the client combines an entry from several places.
    pub(crate) merge: Merge,
    /// Whether project files in parent directories, up to that of `.git`, are read too.
    pub(crate) upward: bool,
    /// Fields that disable an entry, with the disabling value.
    pub(crate) off: &'static [(&'static str, bool)],
    /// Fields of an entry that name the tools it offers: an empty list offers none.
    pub(crate) allows: &'static [&'static str],
    /// Settings elsewhere that disable an entry.
    pub(crate) switches: &'static [Switch],
    /// How an entry inherits a variable of the client's environment, if supported.
    pub(crate) passing: Option<Passing>,
    /// Files and directories that indicate an installed client.
    pub(crate) signs: &'static [Spot],
    /// Programs on PATH that indicate an installed client.
    pub(crate) programs: &'static [&'static str],
    pub(crate) launch: Launch,
    pub(crate) link: Option<LinkForm>,
    /// Instructions after a change, or where to paste a snippet.
    pub(crate) next: &'static str,
    /// The successor of the client, which uses other files.
    pub(crate) successor: Option<&'static str>,
    /// Date of the last comparison with `source`.
    pub(crate) verified: &'static str,
    /// Documentation page or source file that this row is based on.
    pub(crate) source: &'static str,
}

impl Client {
    /// Its command-line name.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// Its display name.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        self.title
    }

    /// Instructions after a change, or where to paste a snippet.
    #[must_use]
    pub const fn next_step(&self) -> &'static str {
        self.next
    }

    /// Whether it has an editable file on any system. Otherwise its snippet is pasted.
    #[must_use]
    pub const fn has_files(&self) -> bool {
        !self.places.is_empty()
    }

    /// Whether it supports install links.
    #[must_use]
    pub const fn has_link(&self) -> bool {
        self.link.is_some()
    }

    /// Looks a client up by command-line name.
    #[must_use]
    pub fn named(id: &str) -> Option<&'static Self> {
        CLIENTS.iter().find(|client| client.id == id)
    }

    /// Date of the last comparison with [`Client::source`].
    #[must_use]
    pub const fn verified(&self) -> &'static str {
        self.verified
    }

    /// Documentation page or source file that the row is based on.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        self.source
    }

    /// The file of `scope` on this machine: the first existing one, else the one to create.
    #[must_use]
    pub fn file(&self, machine: &Machine, scope: Scope) -> Option<PathBuf> {
        let sites = self.sites(machine);
        usual(&sites, scope).map(|site| site.file.clone())
    }

    /// Every place it reads on this machine, highest precedence first.
    pub(crate) fn sites(&self, machine: &Machine) -> Vec<Site> {
        let mut sites: Vec<Site> = Vec::new();
        let mut alone: Vec<(Scope, &'static str)> = Vec::new();
        for place in self.places {
            let files = place.spot.all_on(machine);
            let excluded = alone.iter().find(|(scope, _)| *scope == place.scope);
            let reader = place.reader.or(excluded.map(|(_, others)| *others));
            let found = !files.is_empty();
            for file in files {
                let site = Site {
                    scope: place.scope,
                    file,
                    age: place.age,
                    reader,
                    is_given: matches!(place.spot.root, Root::Given(_)),
                    is_above: false,
                };
                let above = (self.upward && place.scope == Scope::Project)
                    .then(|| above(machine, &place.spot, &site));
                sites.push(site);
                sites.extend(above.into_iter().flatten());
            }
            if let Some(others) = place.alone
                && found
            {
                alone.push((place.scope, others));
            }
        }
        sites
    }
}

/// The target of a new entry in `scope`.
pub(crate) fn usual(sites: &[Site], scope: Scope) -> Option<&Site> {
    let mut fresh = None;
    let candidates = sites.iter().filter(|site| {
        site.scope == scope && site.reader.is_none() && site.age != Age::Beside && !site.is_above
    });
    for site in candidates {
        if site.is_given || site.file.symlink_metadata().is_ok() {
            return Some(site);
        }
        if site.age == Age::Present {
            fresh = fresh.or(Some(site));
        }
    }
    fresh
}

/// Existing files of the same name in the project's parent directories.
fn above(machine: &Machine, spot: &Spot, site: &Site) -> Vec<Site> {
    let Some(root) = machine.repository() else {
        return Vec::new();
    };
    let directories = machine.project.ancestors().skip(1);
    directories
        .take_while(|directory| directory.starts_with(root))
        .map(|directory| joined(directory, spot.path))
        .filter(|file| file.symlink_metadata().is_ok())
        .map(|file| Site {
            file,
            age: Age::Beside,
            is_above: true,
            ..site.clone()
        })
        .collect()
}

impl fmt::Display for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.title)
    }
}

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FileFormat {
    /// Strict JSON.
    Json,
    /// JSON with comments and trailing commas.
    Jsonc,
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
}

/// The shape of an entry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EntryShape {
    /// Fields for the type of entry, set in a new one.
    pub(crate) kind: &'static [TypeField],
    pub(crate) command: CommandForm,
    /// The field of the environment.
    pub(crate) environment: &'static str,
    /// Fields set in a new entry and left to the user afterwards.
    pub(crate) initial: &'static [(&'static str, Constant)],
}

/// A field for the type of entry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TypeField {
    pub(crate) field: &'static str,
    pub(crate) value: &'static str,
    /// Equivalent values.
    pub(crate) also: &'static [&'static str],
    /// Whether the client works without the field.
    pub(crate) is_optional: bool,
}

/// The representation of command and arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandForm {
    /// A field for the program, and `args` for the arguments.
    Apart(&'static str),
    /// A single list in the field `command`.
    Together,
}

/// A constant field value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Constant {
    Text(&'static str),
    True,
    Number(u64),
    List(&'static [&'static str]),
}

/// A location of entries.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EntryLocation {
    /// `Local` entries are at `projects.DIRECTORY.KEY` of the file.
    pub(crate) scope: Scope,
    pub(crate) spot: Spot,
    pub(crate) age: Age,
    /// Its reader, if not the client in general: a profile, another editor.
    pub(crate) reader: Option<&'static str>,
    /// If set, this place hides all later ones, which are read by the reader named here.
    pub(crate) alone: Option<&'static str>,
}

/// Whether current versions create such a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    /// They do.
    Present,
    /// Read if it exists, never created.
    Past,
    /// Read if it exists, but new entries always go elsewhere.
    Beside,
}

/// A place resolved on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) scope: Scope,
    pub(crate) file: PathBuf,
    pub(crate) age: Age,
    pub(crate) reader: Option<&'static str>,
    /// Whether its path comes from a variable.
    pub(crate) is_given: bool,
    /// Whether it is in a parent directory of the project.
    pub(crate) is_above: bool,
}

/// How a client combines an entry from several places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Merge {
    /// The one with the highest precedence replaces the others.
    Whole,
    /// Field by field, by precedence.
    Fields,
}

/// A client setting that disables an entry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Switch {
    /// Files that may contain it, highest precedence first.
    pub(crate) files: &'static [Spot],
    pub(crate) path: &'static [Key],
    pub(crate) rule: Rule,
    /// The scopes it applies to.
    pub(crate) scopes: &'static [Scope],
}

/// A key on the path to a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Name(&'static str),
    /// The current project's directory.
    Project,
    /// The name of our entry.
    Entry,
}

/// The value of a setting that disables our entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A list containing it, as text or as `serverName`.
    Lists,
    /// A non-empty list without it. The first file with such a list decides.
    ListsOthers,
    /// This flag. The first file with the flag decides.
    Is(bool),
    /// This text. The first file with the setting decides.
    Says(&'static str),
    /// An object of flags by patterns of tool names, one of which refuses all of our tools.
    Refuses,
    /// The existence of the file: the client reads no other then.
    Exists,
}

/// How an entry inherits a variable of the client's environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passing {
    /// In a value of the environment field, with the name between these.
    Between(&'static str, &'static str),
    /// In a list of names in this field.
    Named(&'static str),
}

/// A path on certain systems.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) systems: &'static [System],
    pub(crate) root: Root,
    /// Separated by `/`.
    pub(crate) path: &'static str,
}

impl Spot {
    /// The path on this machine, if it applies to its system. `*` is literal.
    pub(crate) fn on(&self, machine: &Machine) -> Option<PathBuf> {
        if !self.systems.contains(&machine.system) {
            return None;
        }
        machine.base(self.root).map(|base| joined(&base, self.path))
    }

    /// All matching paths on this machine; `*` matches any part of an existing directory's name.
    pub(crate) fn all_on(&self, machine: &Machine) -> Vec<PathBuf> {
        let base = self
            .systems
            .contains(&machine.system)
            .then(|| machine.base(self.root));
        base.flatten()
            .map_or_else(Vec::new, |base| matching(base, self.path))
    }
}

/// How a client starts a server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Launch {
    /// Variables a server inherits on Linux and macOS.
    pub(crate) passes: &'static [&'static str],
    /// Whether the client is started from a desktop rather than a shell.
    pub(crate) desktop: bool,
    pub(crate) directory: Directory,
    /// Start-up timeout.
    pub(crate) patience: Duration,
    /// The entry field that overrides it, and its unit.
    pub(crate) patience_field: Option<(&'static str, Duration)>,
}

/// The working directory of a server in user scope. In project scope it is the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Directory {
    /// The root of the file system.
    Top,
    /// The user's home.
    Home,
    /// The client's working directory.
    Project,
}

/// The form of an install link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkForm {
    /// A prefix, then `?name=…&config=` with the base64 entry.
    Base64(&'static str),
    /// A prefix, then `?` and the entry as JSON, including its name.
    Json(&'static str),
    /// Goose: command, arguments and name as parameters.
    Goose,
}
