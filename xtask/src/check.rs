//! `cargo xtask check`: rustfmt, clippy and rustdoc, warnings denied. Separate steps, so that the
//! full suite times and reports each.

use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::Repository;
use crate::steps::Steps;

/// Runs all of them, even after a failure.
///
/// # Errors
/// `Steps`, naming those that failed.
pub(crate) fn run(repository: &Repository) -> Result<(), Failure> {
    let mut steps = Steps::start("check");
    run_within(&mut steps, repository);
    steps.finish()
}

/// Adds them to a longer run.
pub(crate) fn run_within(steps: &mut Steps, repository: &Repository) {
    steps.run("rustfmt", || {
        Invocation::cargo(repository)
            .args(["fmt", "--all", "--check"])
            .run()
    });
    // Both passes cover the whole workspace: a part would resolve other features and recompile most
    // dependencies.
    steps.run("clippy", || clippy(repository, &[]));
    // Otherwise nothing would compile the optional features.
    steps.run("clippy, every feature", || {
        clippy(repository, &["--all-features"])
    });
    // Naming the examples makes cargo resolve the same features as for tests, so that clippy's
    // results are reused.
    steps.run("rustdoc", || {
        Invocation::cargo(repository)
            .args(["doc", "--no-deps", "--workspace"])
            .args(["--lib", "--bins", "--examples"])
            .env("RUSTDOCFLAGS", "-D warnings")
            .run()
    });
}

fn clippy(repository: &Repository, features: &[&str]) -> Result<(), Failure> {
    Invocation::cargo(repository)
        .args(["clippy", "--workspace", "--all-targets"])
        .args(features)
        .args(["--", "-D", "warnings"])
        .run()
}
