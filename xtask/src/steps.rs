//! Runs named steps and continues after failures, so that one CI run shows everything. Prints each
//! step's start and outcome, and a final table with a verdict.

use std::error::Error;
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// A run in progress.
#[derive(Debug)]
pub(crate) struct Steps {
    task: &'static str,
    started: Instant,
    finished: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    name: &'static str,
    duration: Duration,
    outcome: Outcome,
}

#[derive(Debug)]
enum Outcome {
    Passed,
    Failed(String),
    /// The remote data of the check is unreachable.
    OutOfReach(String),
}

impl Steps {
    pub(crate) fn start(task: &'static str) -> Self {
        Self {
            task,
            started: Instant::now(),
            finished: Vec::new(),
        }
    }

    /// Runs one step, prints and records its outcome, and returns its result on success.
    pub(crate) fn run<T>(
        &mut self,
        name: &'static str,
        step: impl FnOnce() -> Result<T, Failure>,
    ) -> Option<T> {
        println!("\n==> {name}");
        let started = Instant::now();
        let result = step();
        let duration = started.elapsed();
        let (product, outcome) = match result {
            Ok(product) => (Some(product), Outcome::Passed),
            Err(failure) => (None, Outcome::Failed(with_causes(&failure))),
        };
        self.note(name, duration, outcome);
        product
    }

    /// Runs a check on remote data that may be unreachable: `fetch` gets the data and returns the
    /// check. A failed fetch is reported in the table and does not fail the run; a failed check
    /// does.
    pub(crate) fn attempt<C>(
        &mut self,
        name: &'static str,
        fetch: impl FnOnce() -> Result<C, Failure>,
    ) where
        C: FnOnce() -> Result<(), Failure>,
    {
        println!("\n==> {name}");
        let started = Instant::now();
        let outcome = match fetch() {
            Err(failure) => Outcome::OutOfReach(with_causes(&failure)),
            Ok(check) => match check() {
                Ok(()) => Outcome::Passed,
                Err(failure) => Outcome::Failed(with_causes(&failure)),
            },
        };
        self.note(name, started.elapsed(), outcome);
    }

    fn note(&mut self, name: &'static str, duration: Duration, outcome: Outcome) {
        let took = spell(duration);
        match &outcome {
            Outcome::Passed => println!("<== {name}: ok in {took}"),
            Outcome::Failed(reason) => println!("<== {name}: FAILED in {took}: {reason}"),
            Outcome::OutOfReach(reason) => println!("<== {name}: NOT CHECKED: {reason}"),
        }
        self.finished.push(Step {
            name,
            duration,
            outcome,
        });
    }

    /// Prints the table and the verdict.
    ///
    /// # Errors
    /// `Steps`, naming those that failed.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        println!("\n{}", self.summary(self.started.elapsed()));
        let failed: Vec<_> = self.failed().collect();
        if failed.is_empty() {
            Ok(())
        } else {
            Err(Failure::Steps { steps: failed })
        }
    }

    fn failed(&self) -> impl Iterator<Item = &'static str> {
        self.finished
            .iter()
            .filter(|step| matches!(step.outcome, Outcome::Failed(_)))
            .map(|step| step.name)
    }

    fn summary(&self, total: Duration) -> String {
        let width = self
            .finished
            .iter()
            .map(|step| step.name.len())
            .max()
            .unwrap_or(0);
        let mut text = String::new();
        for step in &self.finished {
            let (word, reason) = match &step.outcome {
                Outcome::Passed => ("ok", ""),
                Outcome::Failed(reason) => ("FAILED", reason.as_str()),
                Outcome::OutOfReach(reason) => ("NOT CHECKED", reason.as_str()),
            };
            let line = format!(
                "  {word:11}  {:width$}  {:>8}  {reason}",
                step.name,
                spell(step.duration)
            );
            text.push_str(line.trim_end());
            text.push('\n');
        }
        let failed: Vec<_> = self.failed().collect();
        let verdict = if failed.is_empty() {
            "PASSED"
        } else {
            "FAILED"
        };
        text.push_str(&format!(
            "{verdict}: cargo xtask {} in {}",
            self.task,
            spell(total)
        ));
        if !failed.is_empty() {
            text.push_str(&format!(": {}", failed.join(", ")));
        }
        let unchecked: Vec<_> = self.out_of_reach().collect();
        if !unchecked.is_empty() {
            text.push_str(&format!("; NOT CHECKED: {}", unchecked.join(", ")));
        }
        text
    }

    fn out_of_reach(&self) -> impl Iterator<Item = &'static str> {
        self.finished
            .iter()
            .filter(|step| matches!(step.outcome, Outcome::OutOfReach(_)))
            .map(|step| step.name)
    }
}

fn with_causes(failure: &Failure) -> String {
    let mut text = failure.to_string();
    let mut cause = failure.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn spell(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        return format!("{:.1}s", duration.as_secs_f64());
    }
    format!("{}m {:02}s", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing() -> Failure {
        Failure::Missing {
            part: "a part".to_owned(),
            remedy: "install it".to_owned(),
        }
    }

    #[test]
    fn a_failed_step_does_not_stop_the_run_and_fails_it() {
        let mut steps = Steps::start("test");
        assert_eq!(steps.run("first", || Err::<u8, _>(missing())), None);
        assert_eq!(steps.run("second", || Ok(7)), Some(7));
        assert_eq!(steps.finish().unwrap_err().to_string(), "failed: first");
    }

    #[test]
    fn the_verdict_is_the_last_line() {
        let mut steps = Steps::start("test");
        steps.run("first", || Ok(()));
        let passed = steps.summary(Duration::from_secs(754));
        assert_eq!(
            passed.lines().last(),
            Some("PASSED: cargo xtask test in 12m 34s")
        );
        steps.run("second", || Err::<(), _>(missing()));
        let failed = steps.summary(Duration::from_secs(754));
        assert_eq!(
            failed.lines().last(),
            Some("FAILED: cargo xtask test in 12m 34s: second")
        );
        assert!(failed.contains("a part is missing and could not be installed; install it"));
    }

    #[test]
    fn a_check_out_of_reach_is_named_and_one_that_fails_fails_the_run() {
        let mut steps = Steps::start("test");
        steps.attempt("advisories", || Err::<fn() -> _, _>(missing()));
        let summary = steps.summary(Duration::from_secs(1));
        assert!(summary.contains("NOT CHECKED  advisories"), "{summary}");
        assert_eq!(
            summary.lines().last(),
            Some("PASSED: cargo xtask test in 1.0s; NOT CHECKED: advisories")
        );
        steps.attempt("advisories", || Ok(|| Err(missing())));
        assert_eq!(
            steps.finish().unwrap_err().to_string(),
            "failed: advisories"
        );
    }

    #[test]
    fn durations_are_short() {
        assert_eq!(spell(Duration::from_millis(1_250)), "1.2s");
        assert_eq!(spell(Duration::from_secs(61)), "1m 01s");
    }
}
