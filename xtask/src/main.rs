//! Developer tasks, run as `cargo xtask TASK`.
//!
//! Automation lives here, in Rust, so that a laptop and CI run the same thing. Each task is a
//! module; this file only names them. Nothing here is part of the product, and no crate depends on
//! it.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a developer tool: it prints, runs other programs, reads PATH and writes under target/"
)]

mod apt;
mod cargo_tools;
mod check;
mod command;
mod failure;
mod generate;
mod man;
mod masking;
mod package;
mod picture;
mod repository;
mod reproduce;
mod steps;
mod suite;
mod supply;
mod third_party;
mod tidy;
mod toolchain;
mod violation;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::repository::Repository;

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Developer tasks of Synapse"
)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Runs rustfmt, clippy and rustdoc over the workspace, warnings denied
    Check,
    /// Checks the rules that no compiler knows: layering, sources, links, generated files
    Tidy,
    /// Rewrites the generated files
    Generate,
    /// Writes a man page for each command of the product
    Man {
        /// The directory, made when it is missing
        directory: PathBuf,
    },
    /// Installs what the tests run as a peer, and prints the variables that name it
    ThirdParty,
    /// Checks licences, sources, known vulnerabilities and unused dependencies
    Supply,
    /// Makes the packages for npm, PyPI, MCP clients and Debian of a program that is built
    Package(package::PackageArguments),
    /// Builds a program twice, in two directories, and compares the bytes
    Reproduce(reproduce::ReproduceArguments),
    /// Does everything, from tidy to the demo, and prints a summary
    Test {
        /// Run only the tests whose path contains one of these, and no other step
        filter: Vec<String>,
        /// Run the tests but the slow sets, and no other step
        #[arg(long)]
        fast: bool,
    },
}

fn main() -> ExitCode {
    match perform(&Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            let mut cause = failure.source();
            while let Some(error) = cause {
                eprintln!("  cause: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn perform(task: &Task) -> Result<(), Failure> {
    let repository = Repository::locate();
    match task {
        Task::Check => check::run(&repository),
        Task::Tidy => tidy::run(&repository),
        Task::Generate => generate::run(&repository),
        Task::Man { directory } => man::run(&repository, directory),
        Task::ThirdParty => third_party::print_environment(&repository),
        Task::Supply => supply::run(&repository),
        Task::Package(arguments) => package::run(&repository, arguments),
        Task::Reproduce(arguments) => reproduce::run(&repository, arguments),
        Task::Test { filter, fast } => {
            suite::run(&repository, &suite::Selection::new(filter, *fast))
        }
    }
}
