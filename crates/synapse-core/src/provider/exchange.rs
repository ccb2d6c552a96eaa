//! The wire facts of one send.

use crate::chat::ChatReply;

/// The wire facts of one send.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exchange {
    /// 1 once the request was sent, else 0. Never more.
    pub attempts: u8,
    /// Host, with the port unless it is the scheme's default.
    pub host: String,
    /// HTTP status, if a response arrived.
    pub http_status: Option<u16>,
    /// The provider's request id, for its support.
    pub request_id: Option<String>,
    /// The sub-provider that answered, at a router.
    pub served_by: Option<String>,
    /// Bytes of the request body.
    pub bytes_out: u64,
    /// Bytes of the response body that were read.
    pub bytes_in: u64,
    /// Milliseconds until the response headers were complete.
    pub headers_ms: Option<u64>,
    /// Whether the provider may have processed and billed the request.
    pub maybe_billed: bool,
    /// Facts about the call in an unusable answer: model, finish reason, tokens, cost.
    pub stated: Option<Box<ChatReply>>,
}
