//! Renders a failure for MCP: a paragraph for the reader, the document for programs. Commands in
//! both are those of the serving surface.

use serde::Serialize;
use serde_json::{Value, json};
use synapse_core::document::ErrorDocument;
use synapse_core::error::{Failure, RemedyText};

use crate::host::{HostError, ToolResult};

/// The result of a failed call: text for the model, and the error document for programs.
#[must_use]
pub fn failed_call(failure: &Failure, remedies: &dyn RemedyText) -> ToolResult {
    failed(failure, &ErrorDocument::new(failure, remedies), remedies)
}

/// A failure as a JSON-RPC error with code 1000 plus the exit code of its class.
#[must_use]
pub fn failed_request(failure: &Failure, remedies: &dyn RemedyText) -> HostError {
    HostError::Rpc {
        code: OWN_CODES + i64::from(failure.class().exit_code()),
        message: format!("{}: {}", failure.code(), failure.message()),
        data: Some(value(&ErrorDocument::new(failure, remedies))),
    }
}

/// Like [`failed_call`], with additional document members.
pub(crate) fn failed(
    failure: &Failure,
    document: &ErrorDocument,
    remedies: &dyn RemedyText,
) -> ToolResult {
    ToolResult::text(paragraph(failure, remedies))
        .failed()
        .with_structured_content(value(document))
}

/// A failure in words: what happened, why, and what to do.
pub(crate) fn paragraph(failure: &Failure, remedies: &dyn RemedyText) -> String {
    words("error", failure, remedies)
}

/// A warning accompanying a call, in words.
pub(crate) fn warning(failure: &Failure, remedies: &dyn RemedyText) -> String {
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

/// A document as a raw value.
pub(crate) fn value(document: &impl Serialize) -> Value {
    // Documents are plain structs of text and numbers, which always serialise.
    serde_json::to_value(document).unwrap_or_else(|_| json!({ "ok": false }))
}

/// Outside the range that JSON-RPC reserves (-32768 to -32000).
const OWN_CODES: i64 = 1000;
