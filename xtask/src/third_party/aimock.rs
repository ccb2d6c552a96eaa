//! aimock, an independent mock server of the providers' HTTP APIs: it does not share our
//! misreadings of them. Version and checksum are in `tests/third-party/aimock`.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::repository::Repository;
use crate::third_party::node::Node;
use crate::third_party::npm;

/// The command line that takes flags; `aimock-cli.js` takes a configuration file.
const ENTRY: &str = "node_modules/@copilotkit/aimock/dist/cli.js";

/// Installs the pinned version if missing, and returns its Node script.
///
/// # Errors
/// Same as [`npm::install`].
pub(crate) fn install(repository: &Repository, node: &Node) -> Result<PathBuf, Failure> {
    Ok(npm::install(repository, node, "aimock", &[ENTRY])?.join(ENTRY))
}
