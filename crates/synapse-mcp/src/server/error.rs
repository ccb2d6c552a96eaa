//! The error object of JSON-RPC.

use std::borrow::Cow;

use rmcp::model::{ErrorCode, ErrorData};
use serde::Serialize;
use serde_json::{Value, json};

use crate::Era;
use crate::host::HostError;

/// A JSON-RPC error object.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ErrorObject {
    code: i64,
    message: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

impl ErrorObject {
    pub(crate) fn parse_error() -> Self {
        Self::new(ErrorCode::PARSE_ERROR, "the line is not JSON")
    }

    /// A parse error with a known reason.
    pub(crate) fn no_text(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::PARSE_ERROR, reason)
    }

    pub(crate) fn invalid_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::INVALID_REQUEST, message)
    }

    pub(crate) fn method_not_found(method: &str) -> Self {
        Self::new(
            ErrorCode::METHOD_NOT_FOUND,
            format!("method not found: {method}"),
        )
    }

    pub(crate) fn invalid_params(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::INVALID_PARAMS, message)
    }

    pub(crate) fn internal(message: &'static str) -> Self {
        Self::new(ErrorCode::INTERNAL_ERROR, message)
    }

    pub(crate) const fn code(&self) -> i64 {
        self.code
    }

    fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code: code.0.into(),
            message: message.into(),
            data: None,
        }
    }
}

impl From<ErrorData> for ErrorObject {
    fn from(error: ErrorData) -> Self {
        Self {
            code: error.code.0.into(),
            message: error.message,
            data: error.data,
        }
    }
}

impl ErrorObject {
    /// The error of a host; the code of an unknown resource depends on the era.
    pub(crate) fn of_host(error: HostError, era: Era) -> Self {
        match error {
            HostError::UnknownTool { name } => {
                Self::invalid_params(format!("unknown tool: {name}"))
            }
            HostError::NotFound { uri } => Self {
                code: match era {
                    Era::Legacy => RESOURCE_NOT_FOUND,
                    Era::Modern => ErrorCode::INVALID_PARAMS.0.into(),
                },
                message: "resource not found".into(),
                data: Some(json!({ "uri": uri })),
            },
            HostError::InvalidParams { message } => Self::invalid_params(message),
            HostError::Rpc {
                code,
                message,
                data,
            } => Self {
                code,
                message: message.into(),
                data,
            },
        }
    }
}

/// Up to 2025-11-25; later revisions use the code for invalid parameters.
const RESOURCE_NOT_FOUND: i64 = -32002;
