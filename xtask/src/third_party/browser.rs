//! The packages that drive Chromium over the dashboard and check its accessibility. The browser
//! itself is a Debian package.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::repository::Repository;
use crate::third_party::node::Node;
use crate::third_party::npm;

/// Installs the pinned versions if missing, and returns the directory scripts resolve modules from.
///
/// # Errors
/// Same as [`npm::install`].
pub(crate) fn install(repository: &Repository, node: &Node) -> Result<PathBuf, Failure> {
    npm::install(repository, node, "browser", &[])
}
