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
            Root::LocalData => Some(
                self.directory("LOCALAPPDATA")
                    .unwrap_or_else(|| home("AppData/Local")),
            ),
            Root::Variable { name, otherwise } => {
                Some(self.directory(name).unwrap_or_else(|| home(otherwise)))
            }
            Root::Given(name) => self.directory(name),
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
}

/// `path`, which is written with `/`, below `base`; an empty one is `base` itself.
pub(crate) fn joined(base: &Path, path: &str) -> PathBuf {
    path.split('/')
        .filter(|part| !part.is_empty())
        .fold(base.to_owned(), |joined, part| joined.join(part))
}
