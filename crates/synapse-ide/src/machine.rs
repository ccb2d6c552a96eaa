//! The machine as the clients see it: its system, the user's directories, the project. Everything
//! is passed in; only the existence of files is looked at, by others.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Looks a variable of the user's environment up.
pub type Lookup = Arc<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

/// A kind of operating system, as far as clients differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum System {
    /// Linux and the other Unixes.
    Linux,
    /// macOS.
    Mac,
    /// Windows.
    Windows,
}

impl System {
    /// The system that `std::env::consts::OS` calls `name`.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "macos" => Self::Mac,
            "windows" => Self::Windows,
            _ => Self::Linux,
        }
    }
}

/// Where a user works.
#[derive(Clone)]
pub struct Machine {
    pub(crate) system: System,
    pub(crate) home: PathBuf,
    pub(crate) project: PathBuf,
    lookup: Lookup,
}

impl Machine {
    /// A machine on which the user's home directory is `home` and the project at hand is in
    /// `project`, both absolute.
    #[must_use]
    pub fn new(system: System, home: PathBuf, project: PathBuf, lookup: Lookup) -> Self {
        Self {
            system,
            home,
            project,
            lookup,
        }
    }

    /// The value of a variable that is set and not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<OsString> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    /// A directory that a variable names; a relative one means nothing to another process.
    pub(crate) fn directory(&self, variable: &str) -> Option<PathBuf> {
        self.variable(variable)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    }

    /// The directory with `.git` that the project is in.
    pub(crate) fn repository(&self) -> Option<&Path> {
        let mut directories = self.project.ancestors();
        directories.find(|directory| directory.join(".git").exists())
    }

    /// Whether `written`, a key of a client's file, names the project or the repository it is in.
    pub(crate) fn is_project(&self, written: &str) -> bool {
        let path = Path::new(written);
        let is = |directory: &Path| {
            path == directory
                || path.is_absolute() && path.canonicalize().is_ok_and(|real| real == directory)
        };
        is(&self.project) || self.repository().is_some_and(is)
    }

    /// The directory that a path of the client table begins at, when there is one here.
    pub(crate) fn base(&self, root: Root) -> Option<PathBuf> {
        let home = |path: &str| joined(&self.home, path);
        match root {
            Root::Home => Some(self.home.clone()),
            Root::Project => Some(self.project.clone()),
            Root::Settings => Some(match self.system {
                System::Mac => home("Library/Application Support"),
                System::Windows => self
                    .directory("APPDATA")
                    .unwrap_or_else(|| home("AppData/Roaming")),
                System::Linux => self
                    .directory("XDG_CONFIG_HOME")
                    .unwrap_or_else(|| home(".config")),
            }),
            Root::Config => Some(
                self.directory("XDG_CONFIG_HOME")
                    .unwrap_or_else(|| home(".config")),
            ),
            Root::Data => Some(
                self.directory("XDG_DATA_HOME")
                    .unwrap_or_else(|| home(".local/share")),
            ),
            Root::LocalData => Some(
                self.directory("LOCALAPPDATA")
                    .unwrap_or_else(|| home("AppData/Local")),
            ),
            Root::Variable { name, otherwise } => {
                Some(self.directory(name).unwrap_or_else(|| home(otherwise)))
            }
            Root::Given(name) => self.directory(name),
            Root::System(directory) => Some(PathBuf::from(directory)),
        }
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Machine")
            .field("system", &self.system)
            .field("home", &self.home)
            .field("project", &self.project)
            .finish_non_exhaustive()
    }
}

/// What a path of the client table is relative to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    /// The user's home directory.
    Home,
    /// The project's directory.
    Project,
    /// Where programs with windows keep their settings on this system.
    Settings,
    /// `~/.config` on every system, or `XDG_CONFIG_HOME`.
    Config,
    /// `~/.local/share`, or `XDG_DATA_HOME`.
    Data,
    /// `%LOCALAPPDATA%`.
    LocalData,
    /// The directory in a variable, or one below home.
    Variable {
        /// The variable.
        name: &'static str,
        /// The path below home.
        otherwise: &'static str,
    },
    /// What a variable names; nowhere when it is not set.
    Given(&'static str),
    /// A directory of the machine's administrator.
    System(&'static str),
}

/// `path`, which is written with `/`, below `base`; an empty one is `base` itself.
pub(crate) fn joined(base: &Path, path: &str) -> PathBuf {
    path.split('/')
        .filter(|part| !part.is_empty())
        .fold(base.to_owned(), |joined, part| joined.join(part))
}

/// Every path that `path` means below `base`: a part with a `*` stands for all directories there
/// whose names begin and end as it does, in the order of their names.
pub(crate) fn matching(base: PathBuf, path: &str) -> Vec<PathBuf> {
    let mut found = vec![base];
    for part in path.split('/').filter(|part| !part.is_empty()) {
        found = match part.split_once('*') {
            None => found.into_iter().map(|base| base.join(part)).collect(),
            Some((begin, end)) => found
                .iter()
                .flat_map(|base| directories(base, begin, end))
                .collect(),
        };
    }
    found
}

fn directories(base: &Path, begin: &str, end: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(base).into_iter().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str()?;
            let fits = name.strip_prefix(begin)?.ends_with(end);
            (fits && path.is_dir()).then_some(path)
        })
        .take(MOST_DIRECTORIES)
        .collect();
    found.sort();
    found
}

/// More profiles than anybody has.
const MOST_DIRECTORIES: usize = 100;
