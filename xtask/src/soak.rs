//! `cargo xtask soak`: a server under many calls, a hub under many more, and many refreshes, with its
//! memory, descriptors and threads printed as it goes.

use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::Repository;

/// Runs the soak with so many of each; the program says what is flat and what is not.
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
        // Quick to build; what grows does so in any profile.
        .args(["--profile", "release", "--"])
        .args([calls, hub_calls, refreshes].map(|count| count.to_string()))
        .run()
}
