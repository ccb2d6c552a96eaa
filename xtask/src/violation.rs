//! A finding of a tidy rule, printed like compiler messages as `path:line: message`, so that
//! editors can jump to it.

use std::fmt;

use crate::failure::Failure;

/// One broken rule at one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    path: String,
    line: Option<usize>,
    message: String,
    severity: Severity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Severity {
    Warning,
    Error,
}

impl Violation {
    /// Reports a line of a file, counted from 1.
    pub(crate) fn at(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: Some(line),
            message: message.into(),
            severity: Severity::Error,
        }
    }

    /// Reports a whole file, or its absence.
    pub(crate) fn of(path: &str, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: None,
            message: message.into(),
            severity: Severity::Error,
        }
    }

    /// Downgrades it to a warning: printed without failing.
    pub(crate) fn into_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        match self.line {
            Some(line) => write!(formatter, "{}:{line}: {word}: {}", self.path, self.message),
            None => write!(formatter, "{}: {word}: {}", self.path, self.message),
        }
    }
}

/// Prints all findings, sorted by place.
///
/// # Errors
/// `Violations` when at least one is not a warning.
pub(crate) fn report(mut violations: Vec<Violation>) -> Result<(), Failure> {
    violations.sort();
    for violation in &violations {
        println!("{violation}");
    }
    let count = violations
        .iter()
        .filter(|violation| violation.severity == Severity::Error)
        .count();
    if count == 0 {
        Ok(())
    } else {
        Err(Failure::Violations { count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_reads_like_a_compiler_message() {
        assert_eq!(
            Violation::at("a.rs", 3, "no").to_string(),
            "a.rs:3: error: no"
        );
        assert_eq!(
            Violation::of("a.rs", "no").into_warning().to_string(),
            "a.rs: warning: no"
        );
    }

    #[test]
    fn only_errors_fail_a_report() {
        assert!(report(vec![Violation::of("a.rs", "long").into_warning()]).is_ok());
        let failed = report(vec![
            Violation::of("a.rs", "x"),
            Violation::at("a.rs", 1, "y"),
        ]);
        assert_eq!(failed.unwrap_err().to_string(), "2 rule violations");
    }
}
