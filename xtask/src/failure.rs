//! Failures of tasks. One enum for the whole tool, since its only reader is a developer at a
//! terminal.

use std::path::PathBuf;
use std::process::ExitStatus;

use cargo_metadata::semver::Version;
use thiserror::Error;

/// The failure of a task.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum Failure {
    #[error("`{command}` could not be started")]
    Start {
        command: String,
        source: std::io::Error,
    },

    #[error("`{command}` ended with {status}")]
    Exit { command: String, status: ExitStatus },

    #[error("`{command}` ended with {status}: {said}")]
    Refused {
        command: String,
        status: ExitStatus,
        said: String,
    },

    #[error("{} could not be {action}", path.display())]
    File {
        path: PathBuf,
        action: &'static str,
        source: std::io::Error,
    },

    #[error("the workspace could not be described by `cargo metadata`")]
    Metadata {
        #[source]
        source: Box<cargo_metadata::Error>,
    },

    #[error("{count} {}", if *count == 1 { "rule violation" } else { "rule violations" })]
    Violations { count: usize },

    #[error("{part} is missing and could not be installed; {remedy}")]
    Missing { part: String, remedy: String },

    #[error("{} could not be read", path.display())]
    Unreadable {
        path: PathBuf,
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    #[error("`{value}` is not {what}")]
    Unknown { what: &'static str, value: String },

    #[error("{} and {} are not the same", first.display(), second.display())]
    Different { first: PathBuf, second: PathBuf },

    #[error("`{program}` is not on PATH")]
    NotOnPath { program: &'static str },

    #[error("`{}` says it is {found}, and {minimum} is needed", program.display())]
    TooOld {
        program: PathBuf,
        found: String,
        minimum: Version,
    },

    #[error(
        "what `{target}` found is in target/fuzz-found/{target}: mend it, and put it into \
         fuzz/seeds/{target}, where the tests run it too"
    )]
    Found {
        target: &'static str,
        source: Box<Self>,
    },
    #[error("no test failed without: {names}")]
    Survived { names: String },

    #[error("{file} has a line that is no count: {line}")]
    BadLine { file: &'static str, line: String },

    #[error("`{name}` could not be measured: {reason}")]
    Measure { name: &'static str, reason: String },

    #[error(
        "more instructions than committed: {}; if that is intended, run `cargo xtask bench --write` \
         and commit the counts",
        measures.join(", ")
    )]
    Slower { measures: Vec<&'static str> },

    #[error("no measure is called `{filter}`")]
    NoMeasure { filter: String },

    #[error("failed: {}", steps.join(", "))]
    Steps { steps: Vec<&'static str> },
}
