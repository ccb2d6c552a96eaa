//! How an upstream is reached: a program's pipes, or HTTP. Both end in a
//! [`Conversation`](synapse_mcp::client::Conversation).
//!
//! **Invariant:** one request of a conversation is at most one program's line or one HTTP `POST`.
//! Nothing is sent again, redirected or reconnected, but for what a server asks for by the protocol.

mod exchange;
mod headers;
mod http;
mod stderr;
mod stdio;
mod stream;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use synapse_core::Failure;
use synapse_core::secret::BoundSecret;

pub use self::headers::{InvalidAnnotation, check_annotations};
pub use self::http::{HttpConversation, HttpServer};
pub use self::stderr::{Cleaner, ErrorLog};
pub use self::stdio::{Ending, Process, StartError, StdioConversation, StdioServer};

/// Gives the token of each HTTP request; a refresh happens here, apart from the request.
#[async_trait]
pub trait Credentials: Send + Sync + fmt::Debug {
    /// The bearer for the next request, or `None` when there is none to send.
    ///
    /// # Errors
    /// Why the request must not be sent. It is passed on as the source of
    /// [`CallError::Carrier`](synapse_mcp::client::CallError::Carrier).
    async fn authorization(&self) -> Result<Option<Arc<BoundSecret>>, Failure>;
}
