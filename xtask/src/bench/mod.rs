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
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use self::baseline::{Baseline, Count, CountChange};
use self::home::Home;
use self::measures::{CHECKED, MEASURES, Measure};
use self::provider::Provider;
use crate::apt;
use crate::command::Invocation;
use crate::failure::Failure;
use crate::repository::{self, Repository};
use crate::third_party;

/// How the counts are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Print them.
    Print,
    /// Count those with a committed count, and fail if one exceeds it.
    Check,
    /// Print them and write those that are checked to the file.
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
    if purpose == Purpose::Check && committed.is_of_another_processor(std::env::consts::ARCH) {
        println!("not checked: the committed counts hold for another kind of processor");
        return Ok(());
    }
    let provider = Provider::start()?;
    let bench = Bench {
        repository,
        valgrind,
        program,
        directory: repository.target("xtask/bench")?,
        provider,
    };
    let wanted = |measure: &&Measure| {
        let is_checked = match purpose {
            Purpose::Print => true,
            Purpose::Check => committed.count(measure.name).is_some(),
            Purpose::Write => CHECKED.contains(&measure.name),
        };
        is_checked && measure.name.contains(&what.filter)
    };
    let measures: Vec<&Measure> = MEASURES.iter().filter(wanted).collect();
    if measures.is_empty() {
        let filter = what.filter.clone();
        return Err(Failure::NoMeasure { filter });
    }
    let counted = bench.count_all(&measures, |measure, instructions| {
        committed.verdict(measure.name, instructions, &machine) != CountChange::Slower
    })?;
    let mut counts = Vec::new();
    let mut slower = Vec::new();
    for (measure, instructions) in measures.into_iter().zip(counted) {
        let before = committed.count(measure.name);
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
            "the committed counts hold for another toolchain or system: {made_on}; here it is \
             {machine}. So a rise fails above {} % instead of {} %; `cargo xtask bench --write` \
             writes counts for this one",
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
    /// Takes several counts at once: unlike times, they do not depend on each other. One that is
    /// not `acceptable` is taken up to twice more: scheduling of threads and seeds of hash maps vary
    /// it by up to 2 %, and the lowest count is closest to the truth.
    fn count_all(
        &self,
        measures: &[&Measure],
        acceptable: impl Fn(&Measure, u64) -> bool + Sync,
    ) -> Result<Vec<u64>, Failure> {
        let next = AtomicUsize::new(0);
        let counts: Mutex<Vec<Option<Result<u64, Failure>>>> =
            Mutex::new(measures.iter().map(|_| None).collect());
        let work = || {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(measure) = measures.get(index) else {
                    return;
                };
                let mut counted = self.count(measure, index);
                for _ in 0..RETRIES {
                    counted = match counted {
                        Ok(instructions) if !acceptable(measure, instructions) => self
                            .count(measure, index)
                            .map(|again| again.min(instructions)),
                        done => done,
                    };
                }
                let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(place) = counts.get_mut(index) {
                    *place = Some(counted);
                }
            }
        };
        // Each waits some of its time.
        let threads = 2 * std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(work);
            }
        });
        let counts = counts.into_inner().unwrap_or_else(PoisonError::into_inner);
        counts.into_iter().flatten().collect()
    }

    /// Counts one measure, in a directory of its own with this number.
    fn count(&self, measure: &Measure, number: usize) -> Result<u64, Failure> {
        let directory = self.directory.join(format!("{number:02}"));
        repository::create_directory(&directory)?;
        let failed = |reason: String| Failure::Measure {
            name: measure.name,
            reason,
        };
        let home = Home::create(self, measure, &directory)?;
        let once = |times: u64| -> Result<u64, Failure> {
            home.forget_calls()?;
            let file = directory.join("callgrind.out");
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

const RETRIES: usize = 2;

/// The total of a callgrind file. <https://valgrind.org/docs/manual/cl-format.html>
fn total(file: &Path) -> Result<Option<u64>, Failure> {
    let text = repository::read(file)?;
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

/// Describes what affects counts besides the sources: the compiler, the C library with its allocator
/// and string functions, and the processor, by which both choose their code.
fn machine(repository: &Repository, valgrind: &Path) -> Result<String, Failure> {
    let said = |program: &Path, argument: &str| {
        let said = Invocation::new(repository, program).arg(argument).capture();
        said.map(|said| said.trim().to_owned())
    };
    let library = said(Path::new("getconf"), "GNU_LIBC_VERSION")?;
    let valgrind = said(valgrind, "--version")?;
    let compiler = said(Path::new("rustc"), "--version")?;
    let compiler = compiler.split(" (").next().unwrap_or_default();
    let processor = match std::fs::read_to_string("/proc/cpuinfo") {
        Ok(text) if text.contains(" avx2 ") => "with AVX2",
        Ok(_) | Err(_) => "without AVX2",
    };
    let arch = std::env::consts::ARCH;
    Ok(format!(
        "{compiler}, {arch} {processor}, {library}, {valgrind}"
    ))
}
