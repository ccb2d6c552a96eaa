//! What is known about a client: where its files are, what an entry looks like, how it starts a
//! server. The knowledge itself is the table; nothing is decided here.

mod common;
mod table;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub use self::table::CLIENTS;
use crate::machine::{Machine, Root, System, joined};

/// An MCP client that can start Synapse over stdio.
#[derive(Debug, PartialEq, Eq)]
pub struct Client {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) format: Format,
    /// The key that holds the entries, at the top of the file.
    pub(crate) key: &'static str,
    pub(crate) shape: Shape,
    /// In order of preference; none for a client whose settings are pasted.
    pub(crate) places: &'static [Place],
    /// Files and directories that show that the client is there.
    pub(crate) signs: &'static [Spot],
    /// Programs on PATH that show the same.
    pub(crate) programs: &'static [&'static str],
    pub(crate) launch: Launch,
    pub(crate) link: Option<LinkForm>,
    /// What the user does after a change, or where a snippet is pasted.
    pub(crate) next: &'static str,
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

    /// The file of `scope` on this machine: the first that exists, else the one that would be made.
    #[must_use]
    pub fn file(&self, machine: &Machine, scope: Scope) -> Option<PathBuf> {
        let mut fresh = None;
        for place in self.places.iter().filter(|place| place.scope == scope) {
            let Some(path) = place.spot.on(machine) else {
                continue;
            };
            if matches!(place.spot.root, Root::Given(_)) || path.symlink_metadata().is_ok() {
                return Some(path);
            }
            if place.age == Age::Present {
                fresh = fresh.or(Some(path));
            }
        }
        fresh
    }
}

impl fmt::Display for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.title)
    }
}

/// For whom an entry counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Everywhere, for this user.
    User,
    /// In one project.
    Project,
}

impl Scope {
    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Project => "project",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
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
    /// Fields that say what kind of entry it is. They are ours.
    pub(crate) kind: &'static [(&'static str, Constant)],
    pub(crate) command: CommandForm,
    /// The field of the environment.
    pub(crate) environment: &'static str,
    /// Fields that a new entry gets and that are the user's from then on.
    pub(crate) initial: &'static [(&'static str, Constant)],
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
    pub(crate) scope: Scope,
    pub(crate) spot: Spot,
    pub(crate) age: Age,
}

/// Whether a client makes such a file today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    /// It does.
    Present,
    /// It is read where it exists, and never made.
    Past,
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
    /// The path on this machine, when it is one for its system.
    pub(crate) fn on(&self, machine: &Machine) -> Option<PathBuf> {
        if !self.systems.contains(&machine.system) {
            return None;
        }
        machine.base(self.root).map(|base| joined(&base, self.path))
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
