//! Failures of hosts that become JSON-RPC errors.

use std::fmt;

use serde_json::Value;

/// A failure of the request itself, as opposed to one of the called tool.
///
/// `Display` and `Debug` omit content from the client or an upstream.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// Unknown tool; JSON-RPC -32602, per the specification.
    #[error("no tool has the name that was called")]
    UnknownTool {
        /// The requested name.
        name: String,
    },
    /// Unknown resource; JSON-RPC -32602, or -32002 in the legacy era.
    #[error("there is no such resource")]
    NotFound {
        /// The requested URI.
        uri: String,
    },
    /// Invalid parameters; JSON-RPC -32602.
    #[error("the parameters of the request are invalid")]
    InvalidParams {
        /// The reason, for the client.
        message: String,
    },
    /// An error to be passed on verbatim, or the host's own with a code outside the range reserved
    /// by JSON-RPC (-32768 to -32000).
    #[error("the request was answered with JSON-RPC error {code}")]
    Rpc {
        /// The JSON-RPC code.
        code: i64,
        /// The JSON-RPC message.
        message: String,
        /// The JSON-RPC data; `Some(Value::Null)` is sent as `null`.
        data: Option<Value>,
    },
}

/// The error of a [`ToolHost`](super::ToolHost).
pub type ToolError = HostError;

impl fmt::Debug for HostError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownTool { .. } => formatter.write_str("UnknownTool"),
            Self::NotFound { .. } => formatter.write_str("NotFound"),
            Self::InvalidParams { .. } => formatter.write_str("InvalidParams"),
            Self::Rpc { code, .. } => write!(formatter, "Rpc({code})"),
        }
    }
}
