//! `cargo xtask torture`: injects a failure or kill at every file operation, where the test suite
//! takes a sample.

use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::Repository;

/// Runs every torture test at every place, one after the other.
///
/// # Errors
/// `Exit` when acknowledged data was lost.
pub(crate) fn run(repository: &Repository) -> Result<(), Failure> {
    Invocation::cargo(repository)
        .args(["test", "--package", "synapse-tests", "--test", "it"])
        .args(["--", "torture::", "--nocapture", "--test-threads", "1"])
        .env("SYNAPSE_TORTURE", "1")
        .run()
}
