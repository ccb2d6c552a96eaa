//! Inspects Synapse's own directory: who may change its contents, who may read its tokens, and the
//! leftovers of killed processes.

use std::path::{Path, PathBuf};

use synapse_core::shell::quote;
use synapse_core::{Code, Failure};
use synapse_files::{ModeSupport, examine, exposed, leftovers};
use synapse_home::Home;
use synapse_home::failure::{distrusted, shown};

use super::mend::Mend;
use crate::tokens::open_to_others;

/// The findings.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Inspected {
    /// Flaws that prevent Synapse from using its files.
    pub flaws: Vec<Failure>,
    /// Flaws that do not, but should be known.
    pub doubts: Vec<Failure>,
    /// Harmless repairs for some of them.
    pub mends: Vec<Mend>,
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
        home.mcp_servers(),
        home.oauth_settings(),
    ];
    let kept = [home.hub(), home.oauth()];
    let kept: Vec<PathBuf> = kept.iter().flat_map(|place| below(place)).collect();
    let paths: Vec<PathBuf> = paths.into_iter().chain(kept).collect();
    for distrust in paths.iter().filter_map(|path| examine(path).err()) {
        match distrust.keeping {
            ModeSupport::Kept => {
                inspected.flaws.push(distrusted(&distrust));
                inspected.mends.extend(Mend::closing(&distrust.path));
            }
            // Once: it is the same for every file.
            ModeSupport::Ignored if inspected.doubts.is_empty() => {
                inspected.doubts.push(distrusted(&distrust));
            }
            ModeSupport::Ignored => {}
        }
    }
    // A token record that others may read is not used; one that they may write is reported above.
    for record in below(&home.oauth()).iter().filter(|path| is_record(path)) {
        if exposed(record).is_some() && examine(record).is_ok() {
            inspected.flaws.push(open_to_others(record));
            inspected.mends.extend(Mend::closing(record));
        }
    }
    let left = [home.directory().to_owned(), home.secrets(), home.ide()];
    let left: Vec<PathBuf> = left.iter().flat_map(|place| leftovers(place)).collect();
    inspected
        .doubts
        .extend(left.iter().map(|path| unfinished(path)));
    inspected.mends.extend(left.into_iter().map(Mend::removing));
    inspected
}

/// `place` and its contents, to the depth of our directories.
fn below(place: &Path) -> Vec<PathBuf> {
    let mut found = vec![place.to_owned()];
    let mut level = vec![place.to_owned()];
    for _ in 0..DEPTH {
        let next = level.iter().flat_map(|directory| entries(directory));
        let next: Vec<PathBuf> = next.take(MOST).collect();
        level = next.iter().filter(|path| path.is_dir()).cloned().collect();
        found.extend(next);
    }
    found
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(directory)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    paths.sort();
    paths
}

fn is_record(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "json")
}

const DEPTH: usize = 3;
/// More servers than any user has.
const MOST: usize = 2000;

fn unfinished(path: &Path) -> Failure {
    Failure::new(
        Code::StorageUnfinishedFile,
        format!("a process that was killed left {}", shown(path)),
    )
    .cause("it was meant to replace another file, and may hold a secret")
    .shell(
        "remove it; the next write to that directory does so too",
        format!("rm {}", quote(path)),
    )
    .with("file", shown(path))
}
