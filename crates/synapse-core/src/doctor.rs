//! What a look at a whole installation found: checks in the order of what they need.

use crate::error::Failure;

/// One check of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// A stable word: `home`, `connections`, `credential`, …
    pub id: &'static str,
    /// Which of several, such as the name of a connection.
    pub subject: Option<String>,
    /// What was found.
    pub diagnosis: Diagnosis,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Diagnosis {
    /// It holds; the text says what was seen.
    Ok(String),
    /// It deserves attention and does not fail.
    Warn(Failure),
    /// It does not hold.
    Fail(Failure),
    /// It was not made, and why.
    Skip(String),
}

/// The first failure, which decides the exit code.
#[must_use]
pub fn first_failure(checks: &[Examined]) -> Option<&Failure> {
    checks.iter().find_map(|check| match &check.diagnosis {
        Diagnosis::Fail(failure) => Some(failure),
        _ => None,
    })
}
