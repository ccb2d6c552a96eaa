//! Harmless repairs of files: what others may do with one of ours is taken, and what a killed process
//! left is removed. Each can be shown as the command that does the same.

use std::path::{Path, PathBuf};

use synapse_core::Failure;
use synapse_core::shell::quote;
use synapse_files::{close, exposed, leftovers};

use crate::failure::{of_file, shown, writing};

/// A repair that takes nothing from its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mend {
    path: PathBuf,
    work: Work,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// Others may no longer do anything with it.
    Close,
    /// It goes.
    Remove,
}

impl Mend {
    /// Closes `path` to others; `None` when nobody else may do anything with it, when it is not
    /// ours, and when it is a link.
    #[must_use]
    pub fn closing(path: &Path) -> Option<Self> {
        exposed(path).map(|_| Self {
            path: path.to_owned(),
            work: Work::Close,
        })
    }

    pub(super) const fn removing(path: PathBuf) -> Self {
        Self {
            path,
            work: Work::Remove,
        }
    }

    /// What it does, for people.
    #[must_use]
    pub fn what(&self) -> String {
        match self.work {
            Work::Close => format!("close {} to other users", shown(&self.path)),
            Work::Remove => format!("remove the unfinished file {}", shown(&self.path)),
        }
    }

    /// The command of a POSIX shell that does the same.
    #[must_use]
    pub fn command(&self) -> String {
        match self.work {
            Work::Close => format!("chmod go= {}", quote(&self.path)),
            Work::Remove => format!("rm {}", quote(&self.path)),
        }
    }

    /// Does it. What has mended itself meanwhile is left alone.
    ///
    /// # Errors
    /// `storage.*`; the file is left as it was.
    pub fn apply(&self) -> Result<(), Failure> {
        match self.work {
            Work::Close if exposed(&self.path).is_none() => Ok(()),
            Work::Close => close(&self.path).map_err(of_file),
            Work::Remove => {
                // Somebody may be writing one of that name by now.
                let directory = self.path.parent().unwrap_or(Path::new("/"));
                if !leftovers(directory).contains(&self.path) {
                    return Ok(());
                }
                std::fs::remove_file(&self.path).map_err(|error| writing(&self.path, &error))
            }
        }
    }
}
