//! The parts of an error for an invalid argument.

use synapse_core::error::{Code, Failure};
use synapse_core::redact::Redactor;

pub(super) fn invalid(message: impl Into<String>) -> Failure {
    Failure::new(Code::UsageInvalidArguments, message)
}

/// Client text for an error message.
pub(super) fn clean(text: &str) -> String {
    let begin: String = text.chars().take(MAX_SCANNED).collect();
    Redactor::none().clean(&begin, MAX_SHOWN)
}

const MAX_SHOWN: usize = 200;

/// Client text may be arbitrarily long; the hidden part is not scanned.
const MAX_SCANNED: usize = 2 * MAX_SHOWN;
