//! The client side of MCP: what a hub says to an upstream server, as raw JSON.
//!
//! A [`Conversation`] is open with one server over any carrier: a pair of lines or HTTP exchanges.
//! **Invariant:** one [`Conversation::request`] is at most one request to the server. Nothing is
//! repeated, reconnected, cached or answered from memory.

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
pub use self::opening::{Eras, Introduction, Negotiation, Probed, initialized, probed, settled};
pub use self::running::Running;
use crate::host::ProgressReporter;
use crate::{JsonObject, ProtocolRevision};

/// What a server said about itself when the conversation was opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Hello {
    /// The revision that is spoken.
    pub revision: ProtocolRevision,
    /// `serverInfo`.
    pub server_info: JsonObject,
    /// Its capabilities.
    pub capabilities: JsonObject,
    /// Its instructions.
    pub instructions: Option<String>,
    /// How its era was found.
    pub negotiation: Negotiation,
}

impl Hello {
    /// Of a server that has said nothing yet.
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
    /// The `_meta` members to pass on. The engine adds those of the protocol.
    pub meta: JsonObject,
    /// The capabilities that the server may use while the request runs: those of the IDE, as far as
    /// the upstream's owner agreed. Sent with each request in the modern era.
    pub capabilities: JsonObject,
    /// `inputSchema` of the tool that is called, for the headers that it declares.
    pub input_schema: Option<Value>,
    /// Where progress goes; none is asked for without it.
    pub progress: Option<ProgressReporter>,
    /// Who answers what the server asks while the request runs (legacy era).
    pub questions: Option<Arc<dyn Questions>>,
    /// From sending to the answer, renewed by each report of progress.
    pub patience: Duration,
    /// From sending to the answer, whatever is reported.
    pub longest: Duration,
}

impl Outgoing {
    /// A request without parameters, progress and questions, whose answer is waited for as long as
    /// `patience`.
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

/// Answers the requests of a server, and hears its notifications.
#[async_trait]
pub trait Questions: Send + Sync {
    /// Answers `elicitation/create`, `sampling/createMessage` or `roots/list`. The future is dropped
    /// when the server gives the question up, and when the request that it belongs to has ended.
    ///
    /// # Errors
    /// The JSON-RPC error to answer with.
    async fn ask(&self, method: &str, params: JsonObject) -> Result<Value, RpcError>;

    /// Hears a notification that belongs to the request, such as a log message.
    fn heard(&self, method: &str, params: JsonObject);
}

/// A JSON-RPC error, exactly as it came or goes. `Debug` and `Display` leave out the payload.
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

/// Whether a request that failed may have had an effect at the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MayHaveRun {
    /// It never reached the server.
    No,
    /// It may have been carried out.
    Yes,
}

/// Why a request got no result.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The server answered with an error, to be passed on unchanged.
    #[error(transparent)]
    Rpc(RpcError),
    /// The conversation ended: the process exited, or its output was closed.
    #[error("the server ended")]
    Ended {
        /// Whether the request may have had an effect.
        may_have_run: MayHaveRun,
    },
    /// No answer came in time.
    #[error("no answer within {} s", .waited.as_secs())]
    Timeout {
        /// How long the answer was waited for.
        waited: Duration,
    },
    /// The server broke the protocol.
    #[error("the server broke the protocol: {what}")]
    Protocol {
        /// How, without payload.
        what: &'static str,
    },
    /// A message exceeded a cap.
    #[error("the server sent more than {cap} {unit}")]
    TooLarge {
        /// The cap.
        cap: u64,
        /// Its unit: `bytes`, `levels`, `values`.
        unit: &'static str,
    },
    /// The server answered over HTTP with something other than MCP.
    #[error("HTTP status {status}")]
    Http {
        /// The status.
        status: u16,
        /// The response headers that matter: `www-authenticate`, `retry-after`, `content-type`, `location`.
        headers: Vec<(String, String)>,
        /// The beginning of the body, at most 2 KiB, not cleaned yet.
        body: String,
    },
    /// The answer broke off.
    #[error("the answer broke off")]
    Interrupted,
    /// The server no longer knows the session.
    #[error("the server no longer knows the session")]
    SessionLost,
    /// What carries the conversation failed; its error says how.
    #[error("the request could not be carried")]
    Carrier {
        /// The error of the carrier, for its owner to read.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
        /// Whether the request may have had an effect.
        may_have_run: MayHaveRun,
    },
}

/// An open conversation with one server. Requests run concurrently.
#[async_trait]
pub trait Conversation: Send + Sync + fmt::Debug {
    /// What the server said when it was opened.
    fn hello(&self) -> &Hello;

    /// Sends one request and waits for its result object. Dropping the future cancels the request
    /// at the server.
    ///
    /// # Errors
    /// [`CallError`].
    async fn request(&self, outgoing: Outgoing) -> Result<JsonObject, CallError>;

    /// Whether the conversation can still be used.
    fn is_open(&self) -> bool;

    /// Ends the conversation and what carries it, and waits for that.
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
