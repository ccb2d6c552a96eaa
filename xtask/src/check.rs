//! `cargo xtask check`: the compiler-side checks, warnings denied. Separate steps, so that the whole
//! test run can time and report each of them.

use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::Repository;
use crate::steps::Steps;

/// Runs all of them, even when one fails.
///
/// # Errors
/// `Steps` naming those that failed.
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
    // Both passes name the whole workspace: a part of it would get other features of its dependencies, and
    // compile most of them again.
    steps.run("clippy", || clippy(repository, &[]));
    // What is off by default would otherwise be compiled by nobody.
    steps.run("clippy, every feature", || {
        clippy(repository, &["--all-features"])
    });
    // Naming the examples makes cargo resolve features as it does for tests, so that what clippy checked is
    // not checked again.
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
