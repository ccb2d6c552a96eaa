//! aimock, a mock server of the providers' HTTP APIs that we did not write: what it rejects, we
//! cannot have misread in the same way twice. Its version and checksum are in
//! `tests/third-party/aimock`.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::repository::{self, Repository};
use crate::third_party::node::Node;

const PINNED: &str = "tests/third-party/aimock";
const FILES: [&str; 2] = ["package.json", "package-lock.json"];
/// The command line that takes flags; its sibling `aimock-cli.js` takes a configuration file.
const ENTRY: &str = "node_modules/@copilotkit/aimock/dist/cli.js";
/// Holds the lock file of a finished installation, and is written last.
const STAMP: &str = "installed.lock";

/// Installs the pinned version, unless it is there, and returns the script to run with node.
///
/// # Errors
/// `File` when the pin cannot be read, `Exit` when npm fails, `Refused` when what was installed
/// does not run.
pub(crate) fn install(repository: &Repository, node: &Node) -> Result<PathBuf, Failure> {
    let pinned = repository.path(PINNED);
    let directory = repository.target("third-party/aimock")?;
    let entry = directory.join(ENTRY);
    let stamp = directory.join(STAMP);
    let lock = repository::read(&pinned.join("package-lock.json"))?;
    let installed = stamp.exists() && repository::read(&stamp)? == lock;
    if !installed || !entry.is_file() {
        repository::remove_directory(&directory)?;
        repository::create_directory(&directory)?;
        for file in FILES {
            repository::write(
                &directory.join(file),
                &repository::read(&pinned.join(file))?,
            )?;
        }
        // No package of this tree needs an install script, and none gets to run one.
        node.npm(repository)
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .in_directory(&directory)
            .run_aside()?;
        node.run(repository).arg(&entry).arg("--help").capture()?;
        repository::write(&stamp, &lock)?;
    }
    Ok(entry)
}
