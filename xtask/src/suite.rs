//! `cargo xtask test`: everything that must hold before a change is merged, in one command that
//! needs only Rust, a C compiler and a network to install the rest from. CI runs exactly this.

use std::path::PathBuf;

use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::{self, Repository};
use crate::steps::Steps;
use crate::third_party::{self, ThirdParty};
use crate::{check, supply, tidy, toolchain};

/// Which tests to run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// Every test, and every other step of the suite.
    Everything,
    /// Tests whose path contains one of these words, slow ones too.
    Matching(Vec<String>),
    /// All tests but the slow sets.
    Fast,
}

impl Selection {
    /// A filter names what to run, so it wins over `fast`.
    pub(crate) fn new(filter: &[String], fast: bool) -> Self {
        match (filter, fast) {
            ([], false) => Self::Everything,
            ([], true) => Self::Fast,
            (words, _) => Self::Matching(words.to_vec()),
        }
    }

    /// The arguments of the test harness.
    fn arguments(&self) -> Vec<&str> {
        match self {
            Self::Everything => Vec::new(),
            Self::Matching(words) => words.iter().map(String::as_str).collect(),
            Self::Fast => SLOW.iter().flat_map(|set| ["--skip", set]).collect(),
        }
    }
}

/// Runs every step, even after one has failed, and prints a table and a verdict at the end. A
/// selection runs its tests alone.
///
/// # Errors
/// `Steps` naming those that failed.
pub(crate) fn run(repository: &Repository, selection: &Selection) -> Result<(), Failure> {
    let mut steps = Steps::start("test");
    if *selection != Selection::Everything {
        let third_party = steps.run("third-party parts", || third_party::prepare(repository));
        steps.run("tests", || {
            tests(repository, third_party.as_ref(), selection)
        });
        return steps.finish();
    }
    steps.run("toolchain", || toolchain::prepare(repository));
    steps.run("tidy", || tidy::run(repository));
    supply::run_within(&mut steps, repository);
    check::run_within(&mut steps, repository);
    let third_party = steps.run("third-party parts", || third_party::prepare(repository));
    // A step of its own, so that the table tells what is compiled from what runs.
    steps.run("tests, compiled", || test(repository).arg("--no-run").run());
    steps.run("tests", || {
        tests(repository, third_party.as_ref(), selection)
    });
    steps.run("tests of telemetry", || telemetry(repository));
    steps.run("doc tests", || {
        Invocation::cargo(repository)
            .args(["test", "--workspace", "--doc", "--no-fail-fast"])
            .run()
    });
    steps.run("demo", || demo(repository));
    steps.finish()
}

/// Without the third-party parts the tests that need them fail, and say so; the others still run.
fn tests(
    repository: &Repository,
    third_party: Option<&ThirdParty>,
    selection: &Selection,
) -> Result<(), Failure> {
    let invocation = test(repository)
        .args(["--no-fail-fast", "--"])
        .args(selection.arguments())
        .env("RUST_TEST_THREADS", threads().to_string());
    let environment = third_party.iter().flat_map(|parts| parts.environment());
    environment
        .fold(invocation, |run, (name, path)| run.env(name, path))
        .run()
}

fn test(repository: &Repository) -> Invocation {
    Invocation::cargo(repository).args(["test", "--workspace", "--all-targets"])
}

/// Twice as many tests at once as there are processors: most wait for a process or a deadline, and hold
/// against a busy machine.
fn threads() -> usize {
    2 * std::thread::available_parallelism().map_or(1, usize::from)
}

/// Builds the twin with telemetry in it, which it is not by default. Names the workspace, so that the
/// dependencies keep the features that they were compiled with.
fn telemetry(repository: &Repository) -> Result<(), Failure> {
    Invocation::cargo(repository)
        .args(["test", "--workspace", "--features", "synapse-tests/otel"])
        .args(["--test", "telemetry"])
        .run()
}

/// Runs the README's first command as a new user does: an empty home and nothing configured. Only
/// cargo keeps its own home, for it would otherwise download every dependency again.
fn demo(repository: &Repository) -> Result<(), Failure> {
    let home = repository.target("xtask")?.join("home");
    repository::remove_directory(&home)?;
    repository::create_directory(&home)?;
    let mut invocation = Invocation::cargo(repository)
        .args(["run", "--release", "--", "demo"])
        .env("HOME", &home);
    for (name, directory) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        let kept = std::env::var_os(name).map(PathBuf::from);
        if let Some(path) = kept.or_else(|| Some(std::env::home_dir()?.join(directory))) {
            invocation = invocation.env(name, path);
        }
    }
    for name in ["SYNAPSE_HOME", "SYNAPSE_LOG"] {
        invocation = invocation.without_env(name);
    }
    invocation.run()
}

/// The sets that take longest, by a part of their tests' paths: the leak hunt, answers of megabytes,
/// the doubling of hostile texts, and killed processes.
const SLOW: &[&str] = &[
    "hunt::",
    "large::",
    "linear::",
    "killed::",
    "every_call_is_at_most",
];
