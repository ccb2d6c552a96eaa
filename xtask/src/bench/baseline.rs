//! The committed instruction counts, and the comparison of a new count with them.

use super::measures::Measure;
use crate::failure::Failure;
use crate::repository::{self, Repository};

/// Percentage; a larger increase fails the check.
pub(super) const TOLERATED: u64 = 2;
/// Tolerance for counts made with another C library or valgrind.
pub(super) const TOLERATED_ELSEWHERE: u64 = 15;

/// The instruction count of one measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) name: String,
    pub(super) instructions: u64,
}

/// The committed counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Baseline {
    machine: String,
    counts: Vec<Count>,
}

/// A new count compared with the committed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CountChange {
    /// No count is committed.
    New,
    Held,
    /// Improved enough that the file should be rewritten.
    Faster,
    Slower,
}

impl Baseline {
    pub(super) const fn new(machine: String, counts: Vec<Count>) -> Self {
        Self { machine, counts }
    }

    /// # Errors
    /// `File` when the file cannot be read, `BadLine` for an invalid line.
    pub(super) fn load(repository: &Repository) -> Result<Self, Failure> {
        repository
            .read(FILE)?
            .map_or_else(|| Ok(Self::default()), |text| Self::parse(&text))
    }

    fn parse(text: &str) -> Result<Self, Failure> {
        let mut found = Self::default();
        for line in text.lines() {
            if let Some(machine) = line.strip_prefix(MACHINE) {
                machine.clone_into(&mut found.machine);
            } else if !line.is_empty() && !line.starts_with('#') {
                let count = count(line).ok_or_else(|| Failure::BadLine {
                    file: FILE,
                    line: line.to_owned(),
                })?;
                found.counts.push(count);
            }
        }
        Ok(found)
    }

    pub(super) fn store(&self, repository: &Repository) -> Result<(), Failure> {
        repository::write(&repository.path(FILE), &self.text())?;
        println!("written to {FILE}");
        Ok(())
    }

    fn text(&self) -> String {
        let mut text = format!("{HEAD}{MACHINE}{}\n\n", self.machine);
        for Count { name, instructions } in &self.counts {
            text.push_str(&format!("{name:<WIDTH$} {instructions:>9}\n"));
        }
        text
    }

    pub(super) fn count(&self, name: &str) -> Option<u64> {
        let mut counts = self.counts.iter();
        counts
            .find(|count| count.name == name)
            .map(|count| count.instructions)
    }

    pub(super) fn verdict(&self, name: &str, instructions: u64, machine: &str) -> CountChange {
        let Some(before) = self.count(name) else {
            return CountChange::New;
        };
        let tolerated = if self.machine == machine {
            TOLERATED
        } else {
            TOLERATED_ELSEWHERE
        };
        let bound = before * tolerated / 100;
        if instructions > before + bound {
            CountChange::Slower
        } else if instructions + bound < before {
            CountChange::Faster
        } else {
            CountChange::Held
        }
    }

    /// Whether the counts were made on another kind of processor, and say nothing about this one.
    pub(super) fn is_of_another_processor(&self, arch: &str) -> bool {
        let known = !self.machine.is_empty();
        known && !self.machine.split([' ', ',']).any(|word| word == arch)
    }

    /// The system the counts were made on, if it differs from `machine`.
    pub(super) fn made_elsewhere(&self, machine: &str) -> Option<&str> {
        let known = !self.machine.is_empty();
        (known && self.machine != machine).then_some(&self.machine)
    }
}

/// Parses a name, spaces and a number.
fn count(line: &str) -> Option<Count> {
    let (name, number) = line.trim_end().rsplit_once(' ')?;
    Some(Count {
        name: name.trim_end().to_owned(),
        instructions: number.parse().ok()?,
    })
}

/// Formats a count, its goal and its change for a terminal.
pub(super) fn line(
    measure: &Measure,
    instructions: u64,
    before: Option<u64>,
    verdict: CountChange,
) -> String {
    let goal = measure
        .goal
        .map_or_else(String::new, |goal| format!("  goal {goal:>9}"));
    let change = match (before, verdict) {
        (Some(before), CountChange::Held | CountChange::Faster | CountChange::Slower) => {
            let percent = (instructions as f64 / before as f64 - 1.0) * 100.0;
            let word = match verdict {
                CountChange::Slower => ", SLOWER",
                CountChange::Faster => ", faster: write the counts anew",
                CountChange::Held | CountChange::New => "",
            };
            format!("  committed {before:>9} ({percent:+.1} %{word})")
        }
        _ => "  not committed yet".to_owned(),
    };
    format!("{:<WIDTH$} {instructions:>9}{goal}{change}", measure.name)
}

const FILE: &str = "xtask/src/bench/counts.txt";
const MACHINE: &str = "# made on: ";
const WIDTH: usize = 44;
const HEAD: &str = "\
# Instructions in the release build, by callgrind; written by `cargo xtask bench --write`.
# `cargo xtask bench --check` fails when one rises more than 2 %.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline() -> Baseline {
        let count = Count {
            name: "one call".to_owned(),
            instructions: 1_000,
        };
        Baseline::new("here".to_owned(), vec![count])
    }

    #[test]
    fn the_file_says_what_was_written() {
        let baseline = baseline();
        assert_eq!(Baseline::parse(&baseline.text()).unwrap(), baseline);
        assert!(Baseline::parse("one call many").is_err());
    }

    #[test]
    fn a_rise_above_the_bound_fails_and_the_bound_does_not() {
        let verdict = |name, count, machine| baseline().verdict(name, count, machine);
        assert_eq!(verdict("one call", 1_020, "here"), CountChange::Held);
        assert_eq!(verdict("one call", 1_021, "here"), CountChange::Slower);
        assert_eq!(verdict("one call", 979, "here"), CountChange::Faster);
        assert_eq!(verdict("one call", 1_150, "elsewhere"), CountChange::Held);
        assert_eq!(verdict("one call", 1_151, "elsewhere"), CountChange::Slower);
        assert_eq!(verdict("another", 1, "here"), CountChange::New);
    }

    #[test]
    fn counts_of_another_processor_say_nothing_about_this_one() {
        let count = || Vec::new();
        let baseline = Baseline::new(
            "rustc 1.0.0, x86_64 with AVX2, glibc 2.36".to_owned(),
            count(),
        );
        assert!(!baseline.is_of_another_processor("x86_64"));
        assert!(baseline.is_of_another_processor("x86"));
        assert!(baseline.is_of_another_processor("aarch64"));
        assert!(!Baseline::default().is_of_another_processor("aarch64"));
    }

    #[test]
    fn the_committed_counts_are_those_that_are_checked() {
        let committed = Baseline::parse(include_str!("counts.txt")).unwrap();
        let names: Vec<&str> = committed
            .counts
            .iter()
            .map(|count| count.name.as_str())
            .collect();
        assert_eq!(names, super::super::CHECKED);
        let measures = super::super::MEASURES.iter();
        let taken: Vec<&str> = measures
            .map(|measure| measure.name)
            .filter(|name| names.contains(name))
            .collect();
        assert_eq!(taken, names);
        assert!(committed.machine.starts_with("rustc "), "{committed:?}");
    }
}
