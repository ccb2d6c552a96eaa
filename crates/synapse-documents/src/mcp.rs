//! Renders a failure for MCP, before it becomes a message: a paragraph for the reader, a document and
//! a code for programs. Commands in both are those of the serving surface.

use serde::Serialize;
use serde_json::{Value, json};
use synapse_core::error::{Class, Failure, RemedyText};

/// A failure in words: what happened, why, and what to do.
#[must_use]
pub fn paragraph(failure: &Failure, remedies: &dyn RemedyText) -> String {
    words("error", failure, remedies)
}

/// A warning accompanying a call, in words.
#[must_use]
pub fn warning(failure: &Failure, remedies: &dyn RemedyText) -> String {
    words("warning", failure, remedies)
}

fn words(word: &str, failure: &Failure, remedies: &dyn RemedyText) -> String {
    let mut lines = vec![format!("{word}[{}]: {}", failure.code(), failure.message())];
    lines.extend(
        failure
            .causes()
            .iter()
            .map(|cause| format!("cause: {cause}")),
    );
    lines.extend(
        failure
            .hints()
            .iter()
            .map(|hint| format!("hint: {}", hint.sentence(remedies))),
    );
    lines.join("\n")
}

/// The code of a JSON-RPC error: 1000 plus the exit code of the class.
#[must_use]
pub fn rpc_code(class: Class) -> i64 {
    OWN_CODES + i64::from(class.exit_code())
}

/// The message of a JSON-RPC error.
#[must_use]
pub fn rpc_message(failure: &Failure) -> String {
    format!("{}: {}", failure.code(), failure.message())
}

/// A document as a raw value.
#[must_use]
pub fn value(document: &impl Serialize) -> Value {
    // Documents are plain structs of text and numbers, which always serialise.
    serde_json::to_value(document).unwrap_or_else(|_| json!({ "ok": false }))
}

/// Outside the range that JSON-RPC reserves (-32768 to -32000).
const OWN_CODES: i64 = 1000;
