//! `cargo xtask torture`: every operation on a file of Synapse's fails or is the last before a kill,
//! where the test suite takes a sample.

use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::Repository;

/// Runs the tortures at every place, one after the other.
///
/// # Errors
/// `Exit` when something that was acknowledged was lost.
pub(crate) fn run(repository: &Repository) -> Result<(), Failure> {
    Invocation::cargo(repository)
        .args(["test", "--package", "synapse-tests", "--test", "it"])
        .args(["--", "torture::", "--nocapture", "--test-threads", "1"])
        .env("SYNAPSE_TORTURE", "1")
        .run()
}
