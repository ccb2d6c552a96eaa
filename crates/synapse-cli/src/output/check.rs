//! One line of a list of checks: how it went, what it is about, and what was seen.

use synapse_core::error::Failure;
use synapse_core::redact::printable;

use super::{ERROR, FAINT, GOOD, WARNING, styled};

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Ok,
    Warn,
    Fail,
    Missing,
    Skip,
}

impl Mark {
    /// The word for it, in its style.
    pub(crate) fn word(self) -> String {
        self.padded(0)
    }

    /// The line of a check of `what`, with `widths` for the word and for what it is about.
    pub(crate) fn line(self, what: &str, widths: [usize; 2], text: &str) -> String {
        let [of_word, of_what] = widths;
        let word = self.padded(of_word);
        format!("  {word}  {what:<of_what$}  {}", printable(text))
    }

    /// Padded before it is styled: escape sequences have no width.
    fn padded(self, width: usize) -> String {
        let (style, word) = match self {
            Self::Ok => (GOOD, "ok"),
            Self::Warn => (WARNING, "warn"),
            Self::Fail => (ERROR, "FAIL"),
            Self::Missing => (ERROR, "MISSING"),
            Self::Skip => (FAINT, "skip"),
        };
        styled(style, &format!("{word:<width$}"))
    }
}

/// A failure in one line.
pub(crate) fn in_short(failure: &Failure) -> String {
    format!("{}: {}", failure.code, failure.message)
}
