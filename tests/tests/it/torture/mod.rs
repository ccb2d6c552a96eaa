//! Every file operation of Synapse fails once, or is the last one before a kill: acknowledged data
//! survives, partial writes are ignored, and the next start is sound.
//!
//! `fault.c` injects the fault into the real program, using seccomp and ptrace: at the n-th write,
//! sync, rename, open, link or removal below the home, counted over all threads. The suite samples
//! the places; `cargo xtask torture` takes every one.

mod calls;
mod files;
mod logins;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use synapse_tests::process::Run;
use synapse_tests::{Home, Output};

use crate::TWIN;

/// The fault at one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Fails with EIO.
    Broken,
    /// Fails with ENOSPC.
    Full,
    /// Kills the process before it.
    KilledBefore,
    /// Kills the process after it, or halfway through a write.
    KilledBehind,
}

impl Fault {
    const fn mode(self) -> &'static str {
        match self {
            Self::Broken => "5",
            Self::Full => "28",
            Self::KilledBefore => "kill",
            Self::KilledBehind => "behind",
        }
    }

    const fn kills(self) -> bool {
        matches!(self, Self::KilledBefore | Self::KilledBehind)
    }
}

/// The end of a tortured program.
struct Ended {
    output: Output,
    /// The numbered operations, as far as they got.
    operations: Vec<String>,
    /// The operation hit by the fault.
    hit: Option<String>,
}

impl Ended {
    /// Context for a failed assertion.
    fn place(&self, fault: Fault) -> String {
        let hit = self.hit.as_deref().unwrap_or("nothing");
        format!("{fault:?} at `{hit}`\n{}", self.output)
    }
}

/// Inputs of a server, each with a part of the line that answers it.
type Turns = [(String, &'static str)];

/// Runs the twin in `home` with a fault at the operation `number`; 0 means no fault.
fn torture(home: &Home, words: &[&str], turns: &Turns, fault: Fault, number: usize) -> Ended {
    let log = home.path().with_file_name("operations");
    let prefix = format!("{}/", home.path().display());
    let number = number.to_string();
    let log_path = log.to_str().unwrap();
    let tool = [fault.mode(), &number, &prefix, log_path, TWIN];
    let run = Run::new(&tool_path(), tool.iter().chain(words))
        .env("HOME", home.path())
        .env("SYNAPSE_HOME", home.synapse());
    // A server runs until it has answered; another program answers nothing.
    let output = if turns.is_empty() {
        run.output()
    } else {
        run.output_in_turns(
            turns
                .iter()
                .map(|(input, answer)| (input.as_str(), *answer)),
        )
    };
    let log = std::fs::read_to_string(log).unwrap();
    let (hits, operations): (Vec<&str>, Vec<&str>) = log.lines().partition(|line| *line == "hit");
    let number = number.parse::<usize>().unwrap();
    let hit = operations.get(number.wrapping_sub(1)).copied();
    let ended = Ended {
        output,
        hit: hit.filter(|_| !hits.is_empty()).map(str::to_owned),
        operations: operations.into_iter().map(str::to_owned).collect(),
    };
    let killed = ended.hit.is_some() && fault.kills();
    let code = ended.output.code;
    assert!(code != 101 && code != 125, "{}", ended.place(fault));
    assert_eq!(code == 137, killed, "{}", ended.place(fault));
    assert!(
        !ended.output.stderr.contains("panicked"),
        "{}",
        ended.place(fault)
    );
    ended
}

/// The operation numbers to fault: all of them, or the first, the last and a sample between.
fn numbers(operations: usize, fault: Fault) -> Vec<usize> {
    let stride = if is_thorough() {
        1
    } else {
        operations / SAMPLE + 1
    };
    // Each fault samples different places.
    let first = 1 + (fault as usize) % stride;
    let mut numbers: Vec<usize> = (first..=operations).step_by(stride).collect();
    numbers.extend((!numbers.contains(&operations)).then_some(operations));
    numbers
}

fn is_thorough() -> bool {
    #[expect(
        clippy::disallowed_methods,
        reason = "how `cargo xtask torture` asks for every place"
    )]
    let asked = std::env::var_os("SYNAPSE_TORTURE");
    asked.is_some()
}

/// Compiles `fault.c` once.
fn tool_path() -> PathBuf {
    static COMPILED: Mutex<bool> = Mutex::new(false);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fault");
    let mut compiled = COMPILED.lock().unwrap();
    if !*compiled {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/torture/fault.c");
        let new = path.with_extension(std::process::id().to_string());
        let words = ["-O1", "-Wall", "-o", new.to_str().unwrap(), source];
        let compiler = Run::new(Path::new("/usr/bin/cc"), words).env("PATH", "/usr/bin:/bin");
        compiler.output().with_code(0);
        std::fs::rename(new, &path).unwrap();
        *compiled = true;
    }
    path
}

/// Places per fault in the suite.
const SAMPLE: usize = 4;
