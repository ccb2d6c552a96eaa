//! `cargo xtask test`: everything required to merge a change, in one command that needs only Rust,
//! a C compiler and network access for installations. CI runs exactly this.

use std::path::PathBuf;

use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::{self, Repository};
use crate::steps::Steps;
use crate::third_party::{self, ThirdParty};
use crate::{bench, check, platforms, supply, tidy, toolchain};

/// Which tests to run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// Every test, and every other step of the suite.
    Everything,
    /// Tests whose path contains one of these words, including slow ones.
    Matching(Vec<String>),
    /// All tests except the slow ones.
    Fast,
}

impl Selection {
    /// A filter takes precedence over `fast`.
    pub(crate) fn new(filter: &[String], fast: bool) -> Self {
        match (filter, fast) {
            ([], false) => Self::Everything,
            ([], true) => Self::Fast,
            (words, _) => Self::Matching(words.to_vec()),
        }
    }

    /// The arguments for the test harness.
    fn arguments(&self) -> Vec<&str> {
        match self {
            Self::Everything => Vec::new(),
            Self::Matching(words) => words.iter().map(String::as_str).collect(),
            Self::Fast => SLOW.iter().flat_map(|set| ["--skip", set]).collect(),
        }
    }
}

/// Runs every step, even after a failure, and prints a table and a verdict. With a filter, runs
/// only the tests.
///
/// # Errors
/// `Steps`, naming those that failed.
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
    for (step, target) in [
        ("clippy for Windows", platforms::WINDOWS),
        ("clippy for macOS", platforms::MACOS),
    ] {
        steps.run(step, || platforms::lint(repository, target));
    }
    let third_party = steps.run("third-party parts", || third_party::prepare(repository));
    // A separate step, so that the table distinguishes compile time from run time.
    steps.run("tests, compiled", || test(repository).arg("--no-run").run());
    steps.run("tests", || {
        tests(repository, third_party.as_ref(), selection)
    });
    steps.run("tests of telemetry", || {
        telemetry(repository, third_party.as_ref())
    });
    steps.run("doc tests", || {
        Invocation::cargo(repository)
            .args(["test", "--workspace", "--doc", "--no-fail-fast"])
            .run()
    });
    steps.run("demo", || demo(repository));
    // Last, because it counts the build of the demo.
    steps.run("instruction counts", || counts(repository));
    steps.finish()
}

/// Without the third-party programs, the tests that need them fail; the others still run.
fn tests(
    repository: &Repository,
    third_party: Option<&ThirdParty>,
    selection: &Selection,
) -> Result<(), Failure> {
    let invocation = test(repository)
        .args(["--no-fail-fast", "--"])
        .args(selection.arguments())
        .env("RUST_TEST_THREADS", threads().to_string());
    with_parts(invocation, third_party).run()
}

fn with_parts(invocation: Invocation, third_party: Option<&ThirdParty>) -> Invocation {
    let environment = third_party.iter().flat_map(|parts| parts.environment());
    environment.fold(invocation, |run, (name, path)| run.env(name, path))
}

fn test(repository: &Repository) -> Invocation {
    Invocation::cargo(repository).args(["test", "--workspace", "--all-targets"])
}

/// Twice the number of processors: most tests wait for a process or a deadline, and all tolerate a
/// busy machine.
fn threads() -> usize {
    2 * std::thread::available_parallelism().map_or(1, usize::from)
}

/// Builds the twin with the optional telemetry feature. Names the workspace, so that dependencies
/// keep their compiled features.
fn telemetry(repository: &Repository, third_party: Option<&ThirdParty>) -> Result<(), Failure> {
    let invocation = Invocation::cargo(repository)
        .args(["test", "--workspace", "--features", "synapse-tests/otel"])
        .args(["--test", "telemetry"]);
    with_parts(invocation, third_party).run()
}

/// Runs the README's first command like a new user: empty home, no configuration. Only cargo keeps
/// its home, to avoid downloading every dependency again.
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

/// Compares the instruction counts of the quick build with the committed ones.
fn counts(repository: &Repository) -> Result<(), Failure> {
    if !cfg!(target_os = "linux") {
        println!("not checked: valgrind counts on Linux only");
        return Ok(());
    }
    let what = bench::What {
        program: bench::Program::Quick,
        filter: String::new(),
    };
    bench::run(repository, bench::Purpose::Check, &what)
}

/// Path fragments of the slowest tests: the leak hunt, multi-megabyte answers, hostile texts, killed
/// processes, many processes, every page in a browser, and the sets of third-party peers.
const SLOW: &[&str] = &[
    "hunt::",
    "large::",
    "huge::",
    "linear::",
    "killed::",
    "crowd::",
    "hiding::",
    "flipped_bytes",
    "every_call_is_at_most",
    "every_command_of_the_guides",
    "every_pair_of_eras",
    "texts_of_strangers",
    "no_page_hinders",
    "pictures::",
    "packages::",
    "conformance::",
    "interop::",
];
