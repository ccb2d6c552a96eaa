//! A program to start, with its arguments and environment.

use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

/// A program about to be started. By default it gets no arguments, no variables, and the root
/// directory as its working directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    pub(crate) path: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Vec<(OsString, OsString)>,
    pub(crate) directory: PathBuf,
}

impl Program {
    /// The program at `path`, which is absolute.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            directory: PathBuf::from(ROOT),
        }
    }

    /// Finds the program `name`: an absolute path, or a plain name in an absolute directory of
    /// `search`, the value of a PATH. Relative directories are ignored, because an IDE starts
    /// Synapse in the user's project, whose files are not trusted. On Windows `.exe`, `.com`, `.cmd`
    /// and `.bat` may be omitted; `npx` is such a script.
    #[must_use]
    pub fn find(name: &str, search: Option<&OsStr>) -> Option<Self> {
        let in_directory = |directory: &Path| {
            names(name)
                .map(|name| directory.join(name))
                .find(|path| is_executable(path))
        };
        if Path::new(name).is_absolute() {
            // Joining an absolute path replaces what it is joined to.
            return in_directory(Path::new("")).map(Self::new);
        }
        // Joined to a directory, `/name`, `C:name` or `../name` would lead out of it.
        let mut parts = Path::new(name).components();
        let (Some(Component::Normal(part)), None) = (parts.next(), parts.next()) else {
            return None;
        };
        if part != name {
            return None;
        }
        std::env::split_paths(search?)
            .filter(|directory| directory.is_absolute())
            .find_map(|directory| in_directory(&directory))
            .map(Self::new)
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds arguments.
    #[must_use]
    pub fn arguments<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Adds environment variables.
    #[must_use]
    pub fn variables<N: Into<OsString>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let variables = variables.into_iter();
        self.environment
            .extend(variables.map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Sets its working directory.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = directory.into();
        self
    }
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::metadata(path)
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

/// The file names that `name` may stand for, in the order in which they are tried.
#[cfg(windows)]
fn names(name: &str) -> impl Iterator<Item = String> {
    let is_complete = Path::new(name).extension().is_some_and(|extension| {
        let extension = extension.to_string_lossy();
        ENDINGS
            .iter()
            .any(|ending| ending.eq_ignore_ascii_case(&extension))
    });
    let endings: &[&str] = if is_complete { &[] } else { &ENDINGS };
    let complete = is_complete.then(|| name.to_owned());
    complete
        .into_iter()
        .chain(endings.iter().map(move |ending| format!("{name}.{ending}")))
}

#[cfg(not(windows))]
fn names(name: &str) -> impl Iterator<Item = &str> {
    std::iter::once(name)
}

/// Endings of programs, and of the scripts that the standard library starts safely.
#[cfg(windows)]
const ENDINGS: [&str; 4] = ["com", "exe", "bat", "cmd"];
#[cfg(windows)]
const ROOT: &str = "C:\\";
#[cfg(not(windows))]
const ROOT: &str = "/";
