//! Synapse's own directory: who may change what is in it, and what killed processes left there.

use std::path::{Path, PathBuf};

use synapse_core::shell::quote;
use synapse_core::{Code, Failure};
use synapse_files::{Home, ModeSupport, examine, leftovers};

use crate::failure::{distrusted, shown};

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Inspected {
    /// What keeps Synapse from using its files.
    pub flaws: Vec<Failure>,
    /// What does not, and should be known.
    pub doubts: Vec<Failure>,
}

pub(super) fn inspect(home: &Home) -> Inspected {
    let mut inspected = Inspected::default();
    let paths = [
        home.directory().to_owned(),
        home.connections(),
        home.vault_server(),
        home.vault(),
        home.ledger(),
        home.secrets(),
        home.ide(),
    ];
    for distrust in paths.iter().filter_map(|path| examine(path).err()) {
        match distrust.keeping {
            ModeSupport::Kept => inspected.flaws.push(distrusted(&distrust)),
            // Once: it is the same for every file.
            ModeSupport::Ignored if inspected.doubts.is_empty() => {
                inspected.doubts.push(distrusted(&distrust));
            }
            ModeSupport::Ignored => {}
        }
    }
    let left = [home.directory().to_owned(), home.secrets(), home.ide()];
    let left: Vec<PathBuf> = left.iter().flat_map(|place| leftovers(place)).collect();
    inspected
        .doubts
        .extend(left.iter().map(|path| unfinished(path)));
    inspected
}

fn unfinished(path: &Path) -> Failure {
    Failure::new(
        Code::StorageUnfinishedFile,
        format!("a process that was killed left {}", shown(path)),
    )
    .cause("it was to replace a file beside it, and may hold a secret")
    .shell(
        "remove it; the next write to that directory does so too",
        format!("rm {}", quote(path)),
    )
    .with("file", shown(path))
}
