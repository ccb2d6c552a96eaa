//! `cargo xtask soak`: runs a server, a hub and token refreshes under load, printing memory,
//! descriptors and threads.

use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::Repository;

/// Runs the soak with these numbers; the benchmark decides whether something grew.
///
/// # Errors
/// `Exit` when something grew.
pub(crate) fn run(
    repository: &Repository,
    calls: u32,
    hub_calls: u32,
    refreshes: u32,
) -> Result<(), Failure> {
    Invocation::cargo(repository)
        .args(["bench", "--package", "synapse-tests", "--bench", "soak"])
        // Builds quickly; a leak shows in any profile.
        .args(["--profile", "release", "--"])
        .args([calls, hub_calls, refreshes].map(|count| count.to_string()))
        .run()
}
