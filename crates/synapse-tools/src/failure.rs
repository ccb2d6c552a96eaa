//! Renders a failure as a tool result or a JSON-RPC error.

use synapse_core::error::{Failure, RemedyText};
use synapse_documents::ErrorDocument;
use synapse_documents::mcp::{paragraph, rpc_code, rpc_message, value};
use synapse_mcp::host::{HostError, ToolResult};

/// The result of a failed call: text for the model, and the error document for programs.
pub(crate) fn failed_call(failure: &Failure, remedies: &dyn RemedyText) -> ToolResult {
    failed(failure, &ErrorDocument::new(failure, remedies), remedies)
}

/// Like [`failed_call`], with additional document members.
pub(crate) fn failed(
    failure: &Failure,
    document: &ErrorDocument,
    remedies: &dyn RemedyText,
) -> ToolResult {
    ToolResult::text(paragraph(failure, remedies))
        .failed()
        .with_document(document)
}

/// A failure of a request other than a tool call.
pub(crate) fn failed_request(failure: &Failure, remedies: &dyn RemedyText) -> HostError {
    HostError::Rpc {
        code: rpc_code(failure.class()),
        message: rpc_message(failure),
        data: Some(value(&ErrorDocument::new(failure, remedies))),
    }
}
