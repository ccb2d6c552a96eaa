//! Transports to an upstream: a program's pipes, or HTTP. Both yield a
//! [`Conversation`](synapse_mcp::client::Conversation).
//!
//! **Invariant:** one request of a conversation is at most one line to a program or one HTTP
//! `POST`. Nothing is resent, redirected or reconnected, except as the protocol requires.

mod exchange;
mod headers;
mod http;
mod link;
mod response;
mod server;
mod stderr;
mod stdio;
mod stream;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use synapse_core::Failure;
use synapse_core::secret::BoundSecret;

pub use self::headers::{InvalidAnnotation, check_annotations};
pub use self::http::HttpConversation;
pub use self::server::HttpServer;
pub use self::stderr::{Cleaner, ErrorLog};
pub use self::stdio::{ENDED_WITH, Exit, Process, StartError, StdioConversation, StdioServer};

/// Provides the token of each HTTP request; refreshing is a separate request.
#[async_trait]
pub trait BearerSource: Send + Sync + fmt::Debug {
    /// The bearer token for the next request, or `None` to send none.
    ///
    /// # Errors
    /// Why the request must not be sent. Passed on as the source of
    /// [`CallError::Carrier`](synapse_mcp::client::CallError::Carrier).
    async fn authorization(&self) -> Result<Option<Arc<BoundSecret>>, Failure>;
}
