//! Supply-chain checks: licences, banned crates and sources, known vulnerabilities, and unused
//! dependencies.

use crate::cargo_tools::{self, CargoTools};
use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::Repository;
use crate::steps::Steps;

/// Runs all of them, even after a failure.
///
/// # Errors
/// `Steps`, naming those that failed.
pub(crate) fn run(repository: &Repository) -> Result<(), Failure> {
    let mut steps = Steps::start("supply");
    run_within(&mut steps, repository);
    steps.finish()
}

/// Adds them to a longer run.
pub(crate) fn run_within(steps: &mut Steps, repository: &Repository) {
    let tools = steps.run("supply tools", || cargo_tools::install(repository));
    let Some(tools) = tools else {
        return;
    };
    steps.run("licences, bans, sources", || {
        deny(repository, &tools, &["bans", "licenses", "sources"])
    });
    steps.run("unused dependencies", || unused(repository, &tools));
    steps.attempt("advisories", || {
        fetch_advisories(repository, &tools)?;
        Ok(|| deny(repository, &tools, &["advisories"]))
    });
}

fn deny(repository: &Repository, tools: &CargoTools, checks: &[&str]) -> Result<(), Failure> {
    Invocation::new(repository, &tools.deny)
        .args(["--locked", "--all-features", "check"])
        .args(["--hide-inclusion-graph"])
        .args(checks)
        .run()
}

/// The advisory database is a separate git repository, unreachable from some networks.
fn fetch_advisories(repository: &Repository, tools: &CargoTools) -> Result<(), Failure> {
    Invocation::new(repository, &tools.deny)
        .args(["--all-features", "fetch", "db"])
        // A network that drops packets counts as unreachable too.
        .env("GIT_HTTP_LOW_SPEED_LIMIT", "1000")
        .env("GIT_HTTP_LOW_SPEED_TIME", "30")
        .env("GIT_TERMINAL_PROMPT", "0")
        .capture()
        .map(drop)
}

fn unused(repository: &Repository, tools: &CargoTools) -> Result<(), Failure> {
    Invocation::new(repository, &tools.shear)
        .args(["--locked", "--deny-warnings"])
        .run()
}
