//! The one reader of the process environment. Every variable of Synapse is listed here. Libraries
//! read some of their own: `NO_COLOR`, `SSL_CERT_FILE`, and for the keyring
//! `DBUS_SESSION_BUS_ADDRESS` and `XDG_RUNTIME_DIR`. The secret stores look theirs up through
//! [`Environment::lookup`]; docs/guides/secrets.md names them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use synapse_core::error::{Code, Failure};
use synapse_core::redact::printable;

/// The directory of Synapse, if not `~/.synapse`.
pub(crate) const SYNAPSE_HOME: &str = "SYNAPSE_HOME";
/// The log level of `serve` on stderr: `level` or `target=level,…`; warnings when unset.
pub(crate) const SYNAPSE_LOG: &str = "SYNAPSE_LOG";

/// The key file of the local vault. Read by the vault; here it is copied to the IDE's entry.
pub(crate) const SYNAPSE_VAULT_KEY_FILE: &str = "SYNAPSE_VAULT_KEY_FILE";

/// The timeout of a login in seconds.
pub(crate) const SYNAPSE_LOGIN_TIMEOUT: &str = "SYNAPSE_LOGIN_TIMEOUT";
/// Where Ollama listens, by its own convention.
pub(crate) const OLLAMA_HOST: &str = "OLLAMA_HOST";
/// The user's browser, by convention.
pub(crate) const BROWSER: &str = "BROWSER";
/// The user's shell, by convention.
pub(crate) const SHELL: &str = "SHELL";
/// Names the shell that asks for completions; set only by the scripts of `synapse completions`.
pub(crate) const SYNAPSE_COMPLETE: &str = "SYNAPSE_COMPLETE";

/// Looks up a variable.
pub(crate) type Lookup = Arc<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

/// The inputs of the process.
#[derive(Clone)]
pub(crate) struct Environment {
    lookup: Lookup,
    home: Option<PathBuf>,
    called: Option<PathBuf>,
}

impl Environment {
    /// The environment of this process.
    pub(crate) fn of_process() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one reader of the environment"
        )]
        let lookup: Lookup = Arc::new(|name| std::env::var_os(name));
        Self {
            lookup,
            home: etcetera::home_dir().ok(),
            called: std::env::args_os()
                .next()
                .map(PathBuf::from)
                .filter(|path| path.is_absolute()),
        }
    }

    /// The environment of another process of this user, with these variables.
    pub(crate) fn of_another(&self, lookup: Lookup) -> Self {
        let home = lookup("HOME").filter(|home| !home.is_empty());
        Self {
            home: home.map(PathBuf::from).or_else(|| self.home.clone()),
            called: None,
            lookup,
        }
    }

    /// The value of a variable that is set and not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<OsString> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    /// The lookup itself, for credential references.
    pub(crate) fn lookup(&self) -> Lookup {
        Arc::clone(&self.lookup)
    }

    /// The path by which this program was called, if it was called by a path.
    pub(crate) fn called_as(&self) -> Option<PathBuf> {
        self.called.clone()
    }

    /// The user's home directory, if known.
    pub(crate) fn user_home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// The directory of Synapse.
    ///
    /// # Errors
    /// `storage.unavailable` when `SYNAPSE_HOME` is not absolute, or when neither it nor a home
    /// directory is known.
    pub(crate) fn synapse_home(&self) -> Result<PathBuf, Failure> {
        let unusable = |message: &str| Failure::new(Code::StorageUnavailable, message);
        match (self.variable(SYNAPSE_HOME), &self.home) {
            (Some(given), _) => {
                let given = PathBuf::from(given);
                if given.is_absolute() {
                    return Ok(given);
                }
                Err(relative(SYNAPSE_HOME, &given)
                    .hint("write the whole path, such as /home/you/.synapse, without `~`"))
            }
            (None, Some(home)) if home.is_absolute() => Ok(home.join(DEFAULT_DIRECTORY)),
            (None, Some(home)) => Err(relative(HOME, home)
                .hint("write the whole path, such as /home/you, without `~`, or set SYNAPSE_HOME")),
            (None, None) => Err(
                unusable("neither SYNAPSE_HOME nor a home directory is known")
                    .hint("set SYNAPSE_HOME to a directory of your own"),
            ),
        }
    }

    /// Whether Synapse's directory is not the default, so that an IDE entry must name it.
    pub(crate) fn has_own_home(&self) -> bool {
        self.variable(SYNAPSE_HOME).is_some()
    }
}

/// Each client starts Synapse in another directory, perhaps that of somebody else's project, and
/// does not expand `~`.
fn relative(variable: &str, given: &Path) -> Failure {
    let shown = printable(&given.to_string_lossy());
    let message = format!("{variable} is not an absolute path");
    Failure::new(Code::StorageUnavailable, message)
        .cause(format!(
            "it is `{shown}`, which means another directory wherever Synapse is started"
        ))
        .with("variable", variable)
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Environment")
            .finish_non_exhaustive()
    }
}

const DEFAULT_DIRECTORY: &str = ".synapse";
const HOME: &str = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
