//! Why a host could not make a call: the failures that become JSON-RPC errors.

use std::fmt;

use serde_json::Value;

/// A failure of the request itself, as opposed to one of the tool that was called.
///
/// `Display` and `Debug` leave out what the client or an upstream sent.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// No tool has this name; JSON-RPC -32602, as the specification asks.
    #[error("no tool has the name that was called")]
    UnknownTool {
        /// The name as the client sent it.
        name: String,
    },
    /// There is no such resource; JSON-RPC -32602, and -32002 in the legacy era.
    #[error("there is no such resource")]
    NotFound {
        /// The URI as the client sent it.
        uri: String,
    },
    /// The parameters of the request are not what the method takes; JSON-RPC -32602.
    #[error("the parameters of the request are invalid")]
    InvalidParams {
        /// What is wrong, for the client.
        message: String,
    },
    /// An error to be passed on exactly as it came, or one of the host's own, whose code then
    /// stands outside the range that JSON-RPC reserves (-32768 to -32000).
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

/// What a [`ToolHost`](super::ToolHost) fails with.
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
