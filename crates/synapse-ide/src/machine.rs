//! The machine from the clients' view: its system, the user's directories, the project. All values
//! are passed in; nothing here accesses files except to expand patterns.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Looks up a variable of the user's environment.
pub type Lookup = Arc<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

/// The kind of operating system.
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

/// The user's environment.
#[derive(Clone)]
pub struct Machine {
    pub(crate) system: System,
    pub(crate) home: PathBuf,
    pub(crate) project: PathBuf,
    lookup: Lookup,
}

impl Machine {
    /// A machine with this home directory and project directory, both absolute.
    #[must_use]
    pub fn new(system: System, home: PathBuf, project: PathBuf, lookup: Lookup) -> Self {
        Self {
            system,
            home,
            project,
            lookup,
        }
    }

    /// The value of a variable, unless empty.
    pub(crate) fn variable(&self, name: &str) -> Option<OsString> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    /// A directory from a variable, unless relative, which would be meaningless in another process.
    pub(crate) fn directory(&self, variable: &str) -> Option<PathBuf> {
        self.variable(variable)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    }

    /// The repository root of the project.
    pub(crate) fn repository(&self) -> Option<&Path> {
        let mut directories = self.project.ancestors();
        directories.find(|directory| directory.join(".git").exists())
    }

    /// The key of the project in a client's file: its repository, if any.
    pub(crate) fn project_key(&self) -> String {
        let project = self.repository().unwrap_or(&self.project);
        project.to_string_lossy().into_owned()
    }

    /// Whether `written`, a key in a client's file, names the project or its repository.
    pub(crate) fn is_project(&self, written: &str) -> bool {
        let path = Path::new(written);
        let is = |directory: &Path| {
            path == directory
                || path.is_absolute() && path.canonicalize().is_ok_and(|real| real == directory)
        };
        is(&self.project) || self.repository().is_some_and(is)
    }

    /// The base directory of a path in the client table, if it exists on this system.
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

/// The base of a path in the client table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    /// The user's home directory.
    Home,
    /// The project's directory.
    Project,
    /// The system's directory for application settings.
    Settings,
    /// `~/.config` on every system, or `XDG_CONFIG_HOME`.
    Config,
    /// `~/.local/share`, or `XDG_DATA_HOME`.
    Data,
    /// `%LOCALAPPDATA%`.
    LocalData,
    /// The directory in a variable, or a fallback below home.
    Variable {
        /// The variable.
        name: &'static str,
        /// The path below home.
        otherwise: &'static str,
    },
    /// The path in a variable; nothing if it is unset.
    Given(&'static str),
    /// A system-wide directory.
    System(&'static str),
}

/// Appends `path`, separated by `/`, to `base`; empty means `base` itself.
pub(crate) fn joined(base: &Path, path: &str) -> PathBuf {
    path.split('/')
        .filter(|part| !part.is_empty())
        .fold(base.to_owned(), |joined, part| joined.join(part))
}

/// All paths matching `path` below `base`: a component with `*` matches the existing directories
/// with that prefix and suffix, in order.
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

/// Limit on matches, more profiles than anybody has.
const MOST_DIRECTORIES: usize = 100;
