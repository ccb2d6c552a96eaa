//! Limits what an entry of a project may start. Others may have written it, and a cloned repository
//! must not get its own program run: only the running program is started, by its own path instead
//! of the file's, with its own variables.

use std::path::{Path, PathBuf};

use synapse_core::credential::looks_like_token;
use synapse_core::redact::printable;
use synapse_core::{Code, Failure};
use synapse_files::same_file;

use super::CheckedEntry;
use super::variables::variable_in;
use crate::entry::Configured;
use crate::failure::shown;
use crate::location::is_of_project;

/// The programs an entry may start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trust {
    /// Anything named in the user's own file.
    Anything,
    /// Only this one, which is running.
    Only(PathBuf),
}

impl Trust {
    /// Determines the trust in the entry `configured` in `file`.
    ///
    /// # Errors
    /// `ide.foreign-entry` when it has variables or arguments that Synapse would not set.
    pub(super) fn of(
        target: &CheckedEntry<'_>,
        file: &Path,
        configured: &Configured,
    ) -> Result<Self, Failure> {
        if !is_of_project(target.machine, target.scope, file) {
            return Ok(Self::Anything);
        }
        let own = target.entry.environment();
        let stranger = configured.environment.iter().find(|(name, value)| {
            let is_own = own.contains(&(name.as_str(), value.as_str()));
            // Allowed: the user's own value of that variable.
            !is_own && variable_in(target.client, value) != Some(name)
        });
        if let Some((name, _)) = stranger {
            let name = if looks_like_token(name) {
                "a variable".to_owned()
            } else {
                printable(name)
            };
            return Err(refusal(&format!(
                "it sets {name}, which is not what this Synapse runs with"
            )));
        }
        if !configured.is_plain() {
            return Err(refusal(
                "it has arguments that are not known to be harmless for `serve`",
            ));
        }
        let running = target.running.canonicalize().map_err(|error| {
            refusal("the path of the running program is not known").caused_by(&error)
        })?;
        Ok(Self::Only(running))
    }

    /// Returns the program to start, given the one found at `program`.
    ///
    /// # Errors
    /// `ide.foreign-entry` when it is a different program.
    pub(super) fn admit(&self, program: PathBuf) -> Result<PathBuf, Failure> {
        match self {
            Self::Anything => Ok(program),
            // The file at the path may be swapped afterwards, and is not started.
            Self::Only(running) if same_file(&program, running) => Ok(running.clone()),
            Self::Only(_) => {
                let real = program.canonicalize();
                let real = real.as_deref().unwrap_or(&program);
                Err(refusal(&format!(
                    "its command is {}, which is another program than the running one",
                    shown(real)
                )))
            }
        }
    }
}

fn refusal(cause: &str) -> Failure {
    Failure::new(
        Code::IdeForeignEntry,
        "the project's entry is not started before you review it",
    )
    .cause(cause)
    .hint("look at the file, and run the command by hand if you trust it")
}
