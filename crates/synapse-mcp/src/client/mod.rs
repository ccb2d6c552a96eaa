//! The client side of MCP: a hub's requests to an upstream server, as raw JSON.
//!
//! A [`Conversation`] with a server runs over any carrier: a pair of line streams or HTTP
//! exchanges. **Invariant:** one [`Conversation::request`] is at most one request to the server.
//! Nothing is repeated, reconnected or cached.

#[cfg(any(test, fuzzing))]
pub(crate) mod any_bytes;
mod calls;
mod caps;
mod lines;
mod lines_conversation;
mod listing;
mod opening;
mod pipes;
mod running;
pub mod wire;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

pub use self::calls::{Calls, Replies};
pub use self::caps::{Caps, Excess, Scanner};
pub use self::lines_conversation::{AtProbe, LineConversation, Unopened};
pub use self::listing::{ListCaps, list_all};
pub use self::opening::{
    ClientIntroduction, Eras, Negotiation, Probed, initialized, probed, settled,
};
pub use self::running::RunningRequest;
use crate::host::ProgressReporter;
use crate::{JsonObject, ProtocolRevision};

/// A server's handshake.
#[derive(Debug, Clone, PartialEq)]
pub struct Hello {
    /// The protocol version in use.
    pub revision: ProtocolRevision,
    /// `serverInfo`.
    pub server_info: JsonObject,
    /// Its capabilities.
    pub capabilities: JsonObject,
    /// Its instructions.
    pub instructions: Option<String>,
    /// How its era was determined.
    pub negotiation: Negotiation,
}

impl Hello {
    /// Before the server has answered.
    fn unknown() -> Self {
        Self {
            revision: ProtocolRevision::V2025_11_25,
            server_info: JsonObject::new(),
            capabilities: JsonObject::new(),
            instructions: None,
            negotiation: Negotiation::Silent,
        }
    }
}

/// One request to a server.
#[derive(Clone)]
pub struct Outgoing {
    /// The method.
    pub method: String,
    /// Its parameters without `_meta`.
    pub params: JsonObject,
    /// `_meta` members to pass on. The engine adds the protocol's.
    pub meta: JsonObject,
    /// The capabilities available to the server during the request: those of the IDE with the
    /// owner's consent. Sent with each modern request.
    pub capabilities: JsonObject,
    /// The called tool's `inputSchema`, for the headers it declares.
    pub input_schema: Option<Value>,
    /// Receives progress; without it none is requested.
    pub progress: Option<ProgressReporter>,
    /// Answers server requests during the request (legacy era).
    pub questions: Option<Arc<dyn ClientHandler>>,
    /// Time from sending to the answer, extended by progress.
    pub patience: Duration,
    /// Time from sending to the answer, regardless of progress.
    pub longest: Duration,
}

impl Outgoing {
    /// A request without parameters, progress and server requests, with the timeout `patience`.
    #[must_use]
    pub fn within(method: impl Into<String>, patience: Duration) -> Self {
        Self {
            method: method.into(),
            params: JsonObject::new(),
            meta: JsonObject::new(),
            capabilities: JsonObject::new(),
            input_schema: None,
            progress: None,
            questions: None,
            patience,
            longest: patience,
        }
    }
}

/// Answers a server's requests, and receives its notifications.
#[async_trait]
pub trait ClientHandler: Send + Sync {
    /// Answers `elicitation/create`, `sampling/createMessage` or `roots/list`. The future is
    /// dropped when the server cancels, or when the enclosing request ends.
    ///
    /// # Errors
    /// The JSON-RPC error for the server.
    async fn ask(&self, method: &str, params: JsonObject) -> Result<Value, RpcError>;

    /// Receives a notification of the request, such as a log message.
    fn heard(&self, method: &str, params: JsonObject);
}

/// A JSON-RPC error, verbatim. `Debug` and `Display` omit the payload.
#[derive(Clone, PartialEq, thiserror::Error)]
#[error("JSON-RPC error {code}")]
pub struct RpcError {
    /// The code.
    pub code: i64,
    /// The message.
    pub message: String,
    /// The data; `Some(Value::Null)` is `null`.
    pub data: Option<Value>,
}

/// Whether a failed request may have had an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MayHaveRun {
    /// It never reached the server.
    No,
    /// It may have been executed.
    Yes,
}

/// Why a request got no result.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The server's own error, to be passed on unchanged.
    #[error(transparent)]
    Rpc(RpcError),
    /// The conversation ended: the process exited or closed its output.
    #[error("the server ended")]
    Ended {
        /// Whether the request may have had an effect.
        may_have_run: MayHaveRun,
    },
    /// No answer in time.
    #[error("no answer within {} s", .waited.as_secs())]
    Timeout {
        /// The time waited.
        waited: Duration,
    },
    /// The server violated the protocol.
    #[error("the server broke the protocol: {what}")]
    Protocol {
        /// How, without payload.
        what: &'static str,
    },
    /// A message exceeded a limit.
    #[error("the server sent more than {cap} {unit}")]
    TooLarge {
        /// The limit.
        cap: u64,
        /// Its unit: `bytes`, `levels`, `values`.
        unit: &'static str,
    },
    /// An HTTP response other than MCP.
    #[error("HTTP status {status}")]
    Http {
        /// The status.
        status: u16,
        /// The relevant response headers: `www-authenticate`, `retry-after`, `content-type`,
        /// `location`.
        headers: Vec<(String, String)>,
        /// The start of the body, at most 2 KiB, not yet cleaned.
        body: String,
    },
    /// The answer was interrupted.
    #[error("the answer broke off")]
    Interrupted,
    /// The server has forgotten the session.
    #[error("the server no longer knows the session")]
    SessionLost,
    /// The carrier failed.
    #[error("the request could not be carried")]
    Carrier {
        /// The carrier's error, for its owner.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
        /// Whether the request may have had an effect.
        may_have_run: MayHaveRun,
    },
}

/// An open conversation with one server. Requests run concurrently.
#[async_trait]
pub trait Conversation: Send + Sync + fmt::Debug {
    /// The server's handshake.
    fn hello(&self) -> &Hello;

    /// Sends one request and waits for its result object. Dropping the future cancels the request
    /// at the server.
    ///
    /// # Errors
    /// [`CallError`].
    async fn request(&self, outgoing: Outgoing) -> Result<JsonObject, CallError>;

    /// Whether the conversation is usable.
    fn is_open(&self) -> bool;

    /// Ends the conversation and its carrier, and waits for that.
    async fn close(&self);
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Outgoing")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RpcError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RpcError({})", self.code)
    }
}
