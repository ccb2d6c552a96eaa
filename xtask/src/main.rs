//! Developer tasks, run as `cargo xtask TASK`.
//!
//! Automation is written in Rust, so that a laptop and CI run the same code. Each task is a module;
//! this file only lists them. Nothing here is part of the product, and no crate depends on it.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a developer tool: it prints, runs other programs, reads PATH and writes under target/"
)]

mod apt;
mod bench;
mod cargo_tools;
mod check;
mod command;
mod defences;
mod failure;
mod fuzz;
mod generate;
mod man;
mod masking;
mod package;
mod picture;
mod platforms;
mod repository;
mod reproduce;
mod soak;
mod steps;
mod suite;
mod supply;
mod third_party;
mod tidy;
mod toolchain;
mod torture;
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
    /// Checks project rules: layering, sources, links, generated files
    Tidy,
    /// Rewrites the generated files
    Generate,
    /// Writes a man page for each command
    Man {
        /// The directory, created if missing
        directory: PathBuf,
    },
    /// Installs the third-party programs of the tests and prints the variables that name them
    ThirdParty,
    /// Checks licences, sources, known vulnerabilities and unused dependencies
    Supply,
    /// Builds packages for npm, PyPI, MCP clients and Debian from a built program
    Package(package::PackageArguments),
    /// Builds a program twice, in two directories, and compares the bytes
    Reproduce(reproduce::ReproduceArguments),
    /// Runs the fuzzers one after the other, installing their tools first
    Fuzz {
        /// Run only the targets whose names contain this
        #[arg(default_value = "")]
        target: String,
        /// Run time of each target
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Injects a failure, and a kill, at every file operation of the program
    Torture,
    /// Takes each defence of the dashboard away once, and expects a test to fail
    Defences {
        /// Only the defences whose names contain this
        #[arg(default_value = "")]
        filter: String,
    },
    /// Runs a server under load and prints its memory, descriptors and threads
    Soak {
        /// Number of prompts
        #[arg(long, default_value_t = 100_000)]
        calls: u32,
        /// Number of tool calls, over ten upstream servers
        #[arg(long, default_value_t = 10_000)]
        hub_calls: u32,
        /// Number of token refreshes
        #[arg(long, default_value_t = 1000)]
        refreshes: u32,
    },
    /// Counts the instructions of calls, tools and starts in the release build
    Bench {
        /// Fail if a count exceeds the committed one by more than 2 %
        #[arg(long)]
        check: bool,
        /// Write the counts to the committed file
        #[arg(long, conflicts_with = "check")]
        write: bool,
        /// Count the shipped build, in which the goals are judged
        #[arg(long, conflicts_with_all = ["check", "write"])]
        shipped: bool,
        /// Count a program that is built already
        #[arg(long, value_name = "PATH", conflicts_with = "shipped")]
        program: Option<PathBuf>,
        /// Also measure times, memory and large ledgers, as ratios; takes minutes, on an idle
        /// machine
        #[arg(long, conflicts_with = "program")]
        times: bool,
        /// Count only measures whose names contain this
        #[arg(conflicts_with = "write")]
        filter: Option<String>,
    },
    /// Builds for Windows, and runs the program and its tests under Wine, installing both first
    Windows,
    /// Runs all checks and tests and prints a summary
    Test {
        /// Run only the tests whose path contains one of these words, and no other step
        filter: Vec<String>,
        /// Skip the slow tests and all other steps
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
        Task::Fuzz { target, seconds } => fuzz::run(&repository, target, *seconds),
        Task::Torture => torture::run(&repository),
        Task::Defences { filter } => defences::run(&repository, filter),
        Task::Soak {
            calls,
            hub_calls,
            refreshes,
        } => soak::run(&repository, *calls, *hub_calls, *refreshes),
        Task::Bench {
            check,
            write,
            shipped,
            program,
            times,
            filter,
        } => {
            let purpose = match (check, write) {
                (true, _) => bench::Purpose::Check,
                (_, true) => bench::Purpose::Write,
                _ => bench::Purpose::Print,
            };
            let what = bench::What {
                program: match (program, shipped) {
                    (Some(program), _) => bench::Program::At(program.clone()),
                    (None, true) => bench::Program::Shipped,
                    (None, false) => bench::Program::Quick,
                },
                filter: filter.clone().unwrap_or_default(),
            };
            bench::run(&repository, purpose, &what)?;
            if *times {
                bench::times(&repository, &what.program)?;
            }
            Ok(())
        }
        Task::Windows => platforms::windows(&repository),
        Task::Test { filter, fast } => {
            suite::run(&repository, &suite::Selection::new(filter, *fast))
        }
    }
}
