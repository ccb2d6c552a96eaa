//! What drives Chromium over the dashboard, and what judges its accessibility. The browser itself is
//! Debian's package.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::repository::Repository;
use crate::third_party::node::Node;
use crate::third_party::npm;

/// Installs the pinned versions, unless they are there, and returns the directory that scripts
/// resolve their modules from.
///
/// # Errors
/// As [`npm::install`].
pub(crate) fn install(repository: &Repository, node: &Node) -> Result<PathBuf, Failure> {
    npm::install(repository, node, "browser", &[])
}
