//! aimock, a mock server of the providers' HTTP APIs that we did not write: what it rejects, we
//! cannot have misread in the same way twice. Its version and checksum are in
//! `tests/third-party/aimock`.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::repository::Repository;
use crate::third_party::node::Node;
use crate::third_party::npm;

/// The command line that takes flags; its sibling `aimock-cli.js` takes a configuration file.
const ENTRY: &str = "node_modules/@copilotkit/aimock/dist/cli.js";

/// Installs the pinned version, unless it is there, and returns the script to run with node.
///
/// # Errors
/// As [`npm::install`].
pub(crate) fn install(repository: &Repository, node: &Node) -> Result<PathBuf, Failure> {
    Ok(npm::install(repository, node, "aimock", &[ENTRY])?.join(ENTRY))
}
