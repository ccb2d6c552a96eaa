//! `cargo xtask bench`: counts the instructions of calls, tools, commands and starts of `synapse`
//! with callgrind in the release build. Unlike times, counts are reproducible on a loaded machine;
//! `cargo bench -p synapse-tests --bench speed` measures times.
//!
//! The cost of one call is the difference between sessions of 2N and N calls, which cancels the
//! start and the end of the process.

mod baseline;
mod home;
mod measures;
mod provider;

use std::path::{Path, PathBuf};

use self::baseline::{Baseline, Count, CountChange};
use self::home::Home;
use self::measures::{MEASURES, Measure};
use self::provider::Provider;
use crate::apt;
use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::Repository;
use crate::third_party;

/// How the counts are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Print them.
    Print,
    /// Print them, and fail if one exceeds its committed count.
    Check,
    /// Print them and write them to the file.
    Write,
}

/// The program to count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Program {
    /// The quick build that `cargo run --release` makes, to which the committed counts belong.
    Quick,
    /// The shipped build, for which the goals are meant.
    Shipped,
    /// A program that is built already.
    At(PathBuf),
}

/// The measures to count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct What {
    /// In which program.
    pub(crate) program: Program,
    /// Substring of the names of the measures to take.
    pub(crate) filter: String,
}

/// Counts, prints, and acts on `purpose`.
///
/// # Errors
/// `Missing` when valgrind cannot be installed, `Exit` when the release build fails, `Measure` when
/// a count cannot be taken, `Slower` when a count rose.
pub(crate) fn run(repository: &Repository, purpose: Purpose, what: &What) -> Result<(), Failure> {
    let valgrind = valgrind(repository)?;
    let program = match &what.program {
        Program::Quick => build(repository, "release")?,
        Program::Shipped => build(repository, "dist")?,
        Program::At(program) => program.clone(),
    };
    println!("{}\n", about(&what.program));
    let machine = machine(repository, &valgrind)?;
    let committed = Baseline::load(repository)?;
    let provider = Provider::start()?;
    let bench = Bench {
        repository,
        valgrind,
        program,
        directory: repository.target("xtask/bench")?,
        provider,
    };
    let mut counts = Vec::new();
    let mut slower = Vec::new();
    let wanted = |measure: &&Measure| measure.name.contains(&what.filter);
    for measure in MEASURES.iter().filter(wanted) {
        let mut instructions = bench.count(measure)?;
        let before = committed.count(measure.name);
        if committed.verdict(measure.name, instructions, &machine) == CountChange::Slower {
            // Thread scheduling adds a few instructions: the lower count is closer to the truth.
            instructions = instructions.min(bench.count(measure)?);
        }
        let verdict = committed.verdict(measure.name, instructions, &machine);
        println!("{}", baseline::line(measure, instructions, before, verdict));
        if verdict == CountChange::Slower {
            slower.push(measure.name);
        }
        counts.push(Count {
            name: measure.name.to_owned(),
            instructions,
        });
    }
    if let Some(made_on) = committed.made_elsewhere(&machine) {
        println!(
            "the committed counts were made on another system ({made_on}; here: {machine}): a rise \
             fails above {} % instead of {} %",
            baseline::TOLERATED_ELSEWHERE,
            baseline::TOLERATED
        );
    }
    match purpose {
        Purpose::Write => Baseline::new(machine, counts).store(repository),
        Purpose::Check if !slower.is_empty() => Err(Failure::Slower { measures: slower }),
        Purpose::Check | Purpose::Print => Ok(()),
    }
}

/// Runs the benchmarks of times, memory and large ledgers, which print ratios.
///
/// # Errors
/// `Exit` when a ratio is above its limit.
pub(crate) fn times(repository: &Repository, program: &Program) -> Result<(), Failure> {
    let profile = match program {
        Program::Shipped => "bench",
        Program::Quick | Program::At(_) => "release",
    };
    let third_party = third_party::prepare(repository)?;
    Invocation::cargo(repository)
        .args(["bench", "--package", "synapse-tests", "--bench", "speed"])
        .args(["--bench", "pages", "--no-fail-fast", "--profile", profile])
        .env_of(&third_party.environment())
        .run()
}

/// Shared by all counts.
struct Bench<'a> {
    repository: &'a Repository,
    valgrind: PathBuf,
    program: PathBuf,
    directory: PathBuf,
    provider: Provider,
}

impl Bench<'_> {
    fn count(&self, measure: &Measure) -> Result<u64, Failure> {
        let failed = |reason: String| Failure::Measure {
            name: measure.name,
            reason,
        };
        let home = Home::create(self, measure)?;
        let once = |times: u64| -> Result<u64, Failure> {
            home.forget_calls()?;
            let file = self.directory.join("callgrind.out");
            let run = Invocation::new(self.repository, &self.valgrind)
                .arg("--tool=callgrind")
                .arg(format!("--callgrind-out-file={}", file.display()))
                .arg(&self.program)
                .args(measure.arguments())
                .env_of(&home.environment());
            let answers = run.converse(&measure.input(times))?;
            measure.judge(times, &answers).map_err(failed)?;
            total(&file)?.ok_or_else(|| failed("callgrind wrote no total".to_owned()))
        };
        match measure.times {
            None => once(1),
            Some(times) => {
                let less = once(times)?;
                let more = once(2 * times)?;
                more.checked_sub(less)
                    .map(|difference| difference / times)
                    .ok_or_else(|| failed("twice the calls took fewer instructions".to_owned()))
            }
        }
    }
}

/// The total of a callgrind file. <https://valgrind.org/docs/manual/cl-format.html>
fn total(file: &Path) -> Result<Option<u64>, Failure> {
    let text = crate::repository::read(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix("totals:"));
    Ok(line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()))
}

/// Installs valgrind if missing.
fn valgrind(repository: &Repository) -> Result<PathBuf, Failure> {
    let program = PathBuf::from("valgrind");
    let works = || {
        Invocation::new(repository, &program)
            .arg("--version")
            .capture()
            .is_ok()
    };
    if !works() {
        // Debian packages the C library's symbols separately, and valgrind needs them to start.
        apt::install(repository, &["valgrind", "libc6-dbg"])?;
    }
    Ok(program)
}

/// Builds the program alone, in a profile.
fn build(repository: &Repository, profile: &str) -> Result<PathBuf, Failure> {
    Invocation::cargo(repository)
        .args(["build", "--profile", profile])
        .run()?;
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| repository.path("target"), PathBuf::from);
    Ok(target.join(profile).join("synapse"))
}

/// The meaning of the counts.
fn about(program: &Program) -> String {
    match program {
        Program::Quick => "instructions in the quick build (profile release), whose dependencies \
             off the path of a call are not optimised; goals are met or missed in the shipped \
             build: `--shipped`"
            .to_owned(),
        Program::Shipped => "instructions in the shipped build (profile dist); the committed \
             counts are those of the quick build"
            .to_owned(),
        Program::At(program) => format!(
            "instructions in {}; the committed counts are those of the quick build",
            program.display()
        ),
    }
}

/// Describes what affects counts besides the sources: allocator and string functions come from the
/// C library.
fn machine(repository: &Repository, valgrind: &Path) -> Result<String, Failure> {
    let said = |program: &Path, argument: &str| {
        let said = Invocation::new(repository, program).arg(argument).capture();
        said.map(|said| said.trim().to_owned())
    };
    let library = said(Path::new("getconf"), "GNU_LIBC_VERSION")?;
    let valgrind = said(valgrind, "--version")?;
    Ok(format!("{} {library} {valgrind}", std::env::consts::ARCH))
}
