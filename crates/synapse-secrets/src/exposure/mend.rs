//! Harmless repairs of files: restricts the permissions of our files, and removes the leftovers of
//! killed processes. Each can be shown as the equivalent command.

use std::path::{Path, PathBuf};

use synapse_core::Failure;
use synapse_core::shell::quote;
use synapse_files::{close, exposed, leftovers};
use synapse_home::failure::{of_file, shown, writing};

/// A repair that removes nothing of the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mend {
    path: PathBuf,
    work: MendStep,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MendStep {
    /// Removes all access of other users.
    Close,
    /// Removes the file.
    Remove,
}

impl Mend {
    /// Makes `path` private; `None` when it already is, when it is not ours, and when it is a
    /// symbolic link.
    #[must_use]
    pub fn closing(path: &Path) -> Option<Self> {
        exposed(path).map(|_| Self {
            path: path.to_owned(),
            work: MendStep::Close,
        })
    }

    pub(super) const fn removing(path: PathBuf) -> Self {
        Self {
            path,
            work: MendStep::Remove,
        }
    }

    /// A description for people.
    #[must_use]
    pub fn what(&self) -> String {
        match self.work {
            MendStep::Close => format!("close {} to other users", shown(&self.path)),
            MendStep::Remove => format!("remove the unfinished file {}", shown(&self.path)),
        }
    }

    /// The equivalent command for a POSIX shell.
    #[must_use]
    pub fn command(&self) -> String {
        match self.work {
            MendStep::Close => format!("chmod go= {}", quote(&self.path)),
            MendStep::Remove => format!("rm {}", quote(&self.path)),
        }
    }

    /// Makes the repair. Skips it when it is no longer needed.
    ///
    /// # Errors
    /// `storage.*`; the file is left unchanged.
    pub fn apply(&self) -> Result<(), Failure> {
        match self.work {
            MendStep::Close if exposed(&self.path).is_none() => Ok(()),
            MendStep::Close => close(&self.path).map_err(of_file),
            MendStep::Remove => {
                // Another process may be writing a file of that name by now.
                let directory = self.path.parent().unwrap_or(Path::new("/"));
                if !leftovers(directory).contains(&self.path) {
                    return Ok(());
                }
                std::fs::remove_file(&self.path).map_err(|error| writing(&self.path, &error))
            }
        }
    }
}
