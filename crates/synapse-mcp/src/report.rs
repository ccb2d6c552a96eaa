//! Failures as clients get them: the result of a tool, or a JSON-RPC error.

use synapse_core::document::ErrorDocument;
use synapse_core::error::Failure;

use crate::ToolResult;
use crate::host::HostError;
use crate::tools::value;

/// A failure as the result of a tool: one paragraph for the model, the document for programs.
#[must_use]
pub fn failed_tool(failure: &Failure) -> ToolResult {
    crate::tools::failed(failure, &ErrorDocument::new(failure))
}

/// A failure as a JSON-RPC error, whose code is 1000 and the exit code of its class.
#[must_use]
pub fn failed_request(failure: &Failure) -> HostError {
    HostError::Rpc {
        code: OWN_CODES + i64::from(failure.class().exit_code()),
        message: format!("{}: {}", failure.code, failure.message),
        data: Some(value(&ErrorDocument::new(failure))),
    }
}

/// Outside the range that JSON-RPC reserves (-32768 to -32000).
const OWN_CODES: i64 = 1000;
