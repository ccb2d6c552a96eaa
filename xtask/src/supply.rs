//! What the workspace is made of: licences, refused crates and sources, known vulnerabilities, and
//! dependencies that nothing uses.

use crate::cargo_tools::{DENY, SHEAR};
use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::Repository;
use crate::steps::Steps;

/// Runs all of them, even when one fails.
///
/// # Errors
/// `Steps` naming those that failed.
pub(crate) fn run(repository: &Repository) -> Result<(), Failure> {
    let mut steps = Steps::start("supply");
    run_within(&mut steps, repository);
    steps.finish()
}

fn run_within(steps: &mut Steps, repository: &Repository) {
    steps.run("licences, bans, sources", || {
        deny(repository, &["bans", "licenses", "sources"])
    });
    steps.run("unused dependencies", || unused(repository));
    steps.attempt("advisories", || {
        fetch_advisories(repository)?;
        Ok(|| deny(repository, &["advisories"]))
    });
}

fn deny(repository: &Repository, checks: &[&str]) -> Result<(), Failure> {
    let program = DENY.provide(repository)?;
    Invocation::new(repository, program)
        .args(["--all-features", "check", "--hide-inclusion-graph"])
        .args(checks)
        .run()
}

/// The database lies in a git repository of its own, which not every network reaches.
fn fetch_advisories(repository: &Repository) -> Result<(), Failure> {
    let program = DENY.provide(repository)?;
    Invocation::new(repository, program)
        .args(["fetch", "db"])
        .capture()
        .map(drop)
}

fn unused(repository: &Repository) -> Result<(), Failure> {
    let program = SHEAR.provide(repository)?;
    Invocation::new(repository, program).run()
}
