//! The real location of a client's file, and its owner. Compares resolved paths, never text.

use std::path::{Path, PathBuf};

use synapse_core::Failure;
use synapse_files::same_file;

use crate::client::Scope;
use crate::failure::shown;
use crate::file;
use crate::machine::Machine;

/// Resolves all links in `path`, even if it does not exist yet.
///
/// # Errors
/// `ide.file-unusable`.
pub(crate) fn real(path: &Path) -> Result<PathBuf, Failure> {
    let target = file::target(path)?;
    // Canonical Windows paths are unreadable for people.
    if cfg!(windows) {
        return Ok(target);
    }
    let known = target.ancestors().find_map(|ancestor| {
        let rest = target.strip_prefix(ancestor).ok()?;
        Some(joined(ancestor.canonicalize().ok()?, rest))
    });
    Ok(known.unwrap_or(target))
}

/// The real location of a client's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) real: PathBuf,
    /// Whether it is reached through links worth a warning.
    pub(crate) is_linked: bool,
}

impl Location {
    /// The location of a file without context.
    ///
    /// # Errors
    /// `ide.file-unusable`.
    pub(crate) fn of(file: &Path) -> Result<Self, Failure> {
        let real = real(file)?;
        let is_linked = real != file;
        Ok(Self { real, is_linked })
    }

    /// The location of a client's file. Links count below the base directory of its scope.
    ///
    /// # Errors
    /// `ide.file-unusable`.
    pub(crate) fn of_client(machine: &Machine, scope: Scope, file: &Path) -> Result<Self, Failure> {
        let location = Self::of(file)?;
        let root = match scope {
            Scope::User | Scope::Local => &machine.home,
            Scope::Project => &machine.project,
        };
        let unlinked = file.strip_prefix(root).ok().and_then(|rest| {
            let root = root.canonicalize().ok()?;
            Some(joined(root, rest))
        });
        Ok(Self {
            is_linked: location.is_linked && unlinked.as_ref() != Some(&location.real),
            ..location
        })
    }

    /// The warning to show before the file is changed.
    pub(crate) fn warning(&self, machine: &Machine, scope: Scope, file: &Path) -> Option<String> {
        let (file, real) = (shown(file), shown(&self.real));
        let is_inside = is_within(&self.real, &project(machine));
        match scope {
            Scope::Project if !is_inside => Some(format!(
                "the project's file {file} is a link out of the project, to {real}"
            )),
            Scope::User | Scope::Local
                if self.is_linked && lies_in_project(machine, &self.real) =>
            {
                Some(format!("{file} is a link into the project, to {real}"))
            }
            _ => None,
        }
    }
}

/// Whether others may have written `file`: it is in the project, whatever its scope.
pub(crate) fn is_of_project(machine: &Machine, scope: Scope, file: &Path) -> bool {
    scope == Scope::Project || lies_in_project(machine, file)
}

/// A user who works in the home directory has no project there.
fn lies_in_project(machine: &Machine, file: &Path) -> bool {
    let project = project(machine);
    let is_home = is_within(&machine.home, &project);
    !is_home && real(file).is_ok_and(|real| is_within(&real, &project))
}

/// The work tree around the project's directory, or that directory alone.
fn project(machine: &Machine) -> PathBuf {
    let project = machine.project.canonicalize();
    let project = project.unwrap_or_else(|_| machine.project.clone());
    let tree = project
        .ancestors()
        .find(|directory| directory.join(".git").symlink_metadata().is_ok())
        .filter(|tree| !is_within(&machine.home, tree))
        .map(Path::to_owned);
    tree.unwrap_or(project)
}

/// Whether `path`, which may not exist, is `directory` or inside it.
fn is_within(path: &Path, directory: &Path) -> bool {
    let real = path.canonicalize();
    let path = real.as_deref().unwrap_or(path);
    path.ancestors().any(|each| same_file(each, directory))
}

fn joined(base: PathBuf, rest: &Path) -> PathBuf {
    if rest.as_os_str().is_empty() {
        base
    } else {
        base.join(rest)
    }
}
