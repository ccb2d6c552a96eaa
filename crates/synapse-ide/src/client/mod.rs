//! What is known about a client: where its files are, what an entry looks like, how it starts a
//! server. The knowledge itself is the table; nothing is decided here.

mod common;
mod table;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub use self::table::CLIENTS;
use crate::machine::{Machine, Root, System, joined, matching};
/// For whom an entry counts.
pub use synapse_core::error::EntryScope as Scope;

/// An MCP client that can start Synapse over stdio.
#[derive(Debug, PartialEq, Eq)]
pub struct Client {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) format: Format,
    /// The key that holds the entries, at the top of the file.
    pub(crate) key: &'static str,
    pub(crate) shape: Shape,
    /// The one that wins first; none for a client whose settings are pasted.
    pub(crate) places: &'static [Place],
    /// What becomes of an entry that several places have.
    pub(crate) merge: Merge,
    /// Whether a project's file is also read in the directories above, up to that of `.git`.
    pub(crate) upward: bool,
    /// Fields of an entry that switch it off, each with the value that does.
    pub(crate) off: &'static [(&'static str, bool)],
    /// Settings elsewhere that switch it off.
    pub(crate) switches: &'static [Switch],
    /// How an entry passes a variable of the client's own environment on, if it can.
    pub(crate) passing: Option<Passing>,
    /// Files and directories that show that the client is there.
    pub(crate) signs: &'static [Spot],
    /// Programs on PATH that show the same.
    pub(crate) programs: &'static [&'static str],
    pub(crate) launch: Launch,
    pub(crate) link: Option<LinkForm>,
    /// What the user does after a change, or where a snippet is pasted.
    pub(crate) next: &'static str,
    /// The client that took over from it, whose files are others.
    pub(crate) successor: Option<&'static str>,
    /// When somebody last held this row against `source`, as a date.
    pub(crate) verified: &'static str,
    /// The page, or the file of the client's own repository, that says so.
    pub(crate) source: &'static str,
}

impl Client {
    /// Its name on the command line.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// Its name for people.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        self.title
    }

    /// What the user does after a change, or where a snippet is pasted.
    #[must_use]
    pub const fn next_step(&self) -> &'static str {
        self.next
    }

    /// Whether it has a file that can be edited, on any system. Else its snippet is pasted.
    #[must_use]
    pub const fn has_files(&self) -> bool {
        !self.places.is_empty()
    }

    /// Whether it takes an entry from a link.
    #[must_use]
    pub const fn has_link(&self) -> bool {
        self.link.is_some()
    }

    /// The client of that name.
    #[must_use]
    pub fn named(id: &str) -> Option<&'static Self> {
        CLIENTS.iter().find(|client| client.id == id)
    }

    /// When somebody last held what is known about it against [`Client::source`], as a date.
    #[must_use]
    pub const fn verified(&self) -> &'static str {
        self.verified
    }

    /// The page, or the file of the client's own repository, that this is known from.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        self.source
    }

    /// The file of `scope` on this machine: the first that exists, else the one that would be made.
    #[must_use]
    pub fn file(&self, machine: &Machine, scope: Scope) -> Option<PathBuf> {
        let sites = self.sites(machine);
        usual(&sites, scope).map(|site| site.file.clone())
    }

    /// Every place that it reads on this machine, the one that wins first.
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

/// Where a new entry of `scope` goes.
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

/// The same file in the directories above the project, as far as it is there.
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

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Format {
    /// JSON, and the client takes nothing else.
    Json,
    /// JSON with comments and trailing commas.
    Jsonc,
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
}

/// What an entry looks like.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Fields that say what kind of entry it is. A new entry gets them.
    pub(crate) kind: &'static [Kind],
    pub(crate) command: CommandForm,
    /// The field of the environment.
    pub(crate) environment: &'static str,
    /// Fields that a new entry gets and that are the user's from then on.
    pub(crate) initial: &'static [(&'static str, Constant)],
}

/// A field that says what kind of entry it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) field: &'static str,
    pub(crate) value: &'static str,
    /// Other values that mean the same.
    pub(crate) also: &'static [&'static str],
    /// Whether the client does without the field.
    pub(crate) is_optional: bool,
}

/// How an entry spells a command and its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandForm {
    /// A field for the program and one, `args`, for the arguments.
    Apart(&'static str),
    /// One list, in the field `command`.
    Together,
}

/// The value of a field that is the same for everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Constant {
    Text(&'static str),
    True,
    Number(u64),
    List(&'static [&'static str]),
}

/// A file that holds entries.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// `Local` entries are at `projects.DIRECTORY.KEY` of the file.
    pub(crate) scope: Scope,
    pub(crate) spot: Spot,
    pub(crate) age: Age,
    /// What reads it, when that is not the client as such: a profile, another editor.
    pub(crate) reader: Option<&'static str>,
    /// Set when nothing below this place is read where this one is; what reads those then.
    pub(crate) alone: Option<&'static str>,
}

/// Whether a client makes such a file today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    /// It does.
    Present,
    /// It is read where it exists, and never made.
    Past,
    /// The same, and a new entry goes elsewhere even so.
    Beside,
}

/// A place on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) scope: Scope,
    pub(crate) file: PathBuf,
    pub(crate) age: Age,
    pub(crate) reader: Option<&'static str>,
    /// Whether a variable names it.
    pub(crate) is_given: bool,
    /// Whether it is in a directory above the project.
    pub(crate) is_above: bool,
}

/// What becomes of an entry that several places have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Merge {
    /// The one that wins counts as a whole.
    Whole,
    /// Field by field, and the one that wins says the last word.
    Fields,
}

/// A setting of a client that keeps an entry from being loaded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Switch {
    /// The files that may have it, the one that wins first.
    pub(crate) files: &'static [Spot],
    pub(crate) path: &'static [Key],
    pub(crate) rule: Rule,
    /// For entries of which scopes.
    pub(crate) scopes: &'static [Scope],
}

/// A key on the way to a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Name(&'static str),
    /// The directory of the project at hand.
    Project,
    /// The name of our entry.
    Entry,
}

/// What value of a setting keeps our entry out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A list that names it, as text or as `serverName`.
    Lists,
    /// A list with something in it that does not name it. The first file that has one decides.
    ListsOthers,
    /// This flag. The first file that has one decides.
    Is(bool),
    /// This text. The first file that has one decides.
    Says(&'static str),
    /// That the file is there: the client reads no other then.
    Exists,
}

/// How an entry passes a variable of the client's environment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passing {
    /// A value of the environment field, with the name between these.
    Between(&'static str, &'static str),
    /// A list of names, in this field.
    Named(&'static str),
}

/// A path on some systems.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) systems: &'static [System],
    pub(crate) root: Root,
    /// Written with `/`.
    pub(crate) path: &'static str,
}

impl Spot {
    /// The path on this machine, when it is one for its system. A `*` in it stands for itself.
    pub(crate) fn on(&self, machine: &Machine) -> Option<PathBuf> {
        if !self.systems.contains(&machine.system) {
            return None;
        }
        machine.base(self.root).map(|base| joined(&base, self.path))
    }

    /// Every path on this machine that it means, where a `*` stands for any part of the name of a
    /// directory that is there.
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
    /// The variables that a server gets besides those of its entry, on Linux and macOS.
    pub(crate) passes: &'static [&'static str],
    /// Whether it is started from a desktop and not from a shell.
    pub(crate) desktop: bool,
    pub(crate) directory: Directory,
    /// How long it waits for a server to come up.
    pub(crate) patience: Duration,
    /// The field of an entry that says otherwise, and how much one is.
    pub(crate) patience_field: Option<(&'static str, Duration)>,
}

/// The working directory of a server in user scope. In project scope it is the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Directory {
    /// The root of the file system.
    Top,
    /// The user's home.
    Home,
    /// Where the client works.
    Project,
}

/// A link that makes a client add an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkForm {
    /// A prefix, then `?name=…&config=` with the entry in base64.
    Base64(&'static str),
    /// A prefix, then `?` and the entry as JSON, with its name in it.
    Json(&'static str),
    /// Goose: command, arguments and name as parameters.
    Goose,
}
