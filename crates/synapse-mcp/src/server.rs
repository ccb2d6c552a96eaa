//! A server on one connection, from its first line to a clean end.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use rmcp::service::serve_directly;
use synapse_core::ports::RequestObserver;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

use crate::engine::handler::Handler;
use crate::engine::lines::{LineReader, write_lines};
use crate::engine::offer::ServedCapabilities;
use crate::engine::registry::InFlightRequests;
use crate::engine::subscriptions::inform_session;
use crate::engine::transport::LineTransport;
use crate::host::{Changes, CompletionHost, ExtensionHost, Introduction, PromptHost, ResourceHost};
use crate::{ServerIdentity, ToolHost};

/// An MCP server: an identity and the ports it offers. It advertises those it was given.
#[derive(Clone)]
pub struct Server {
    identity: ServerIdentity,
    offer: ServedCapabilities,
}

/// Why a connection ended otherwise than by the client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Reading failed.
    #[error("the client's messages could not be read")]
    Read {
        /// The failure.
        #[source]
        source: io::Error,
    },
    /// Writing failed while the client was still there.
    #[error("messages to the client could not be written")]
    Write {
        /// The failure.
        #[source]
        source: io::Error,
    },
    /// The protocol engine stopped by a bug.
    #[error("the protocol engine stopped unexpectedly")]
    Engine {
        /// How its task ended.
        #[source]
        source: JoinError,
    },
}

impl Server {
    /// Creates a server that offers nothing yet.
    #[must_use]
    pub fn new(identity: ServerIdentity) -> Self {
        Self {
            identity,
            offer: ServedCapabilities::nothing(),
        }
    }

    /// Offers the tools of `host`; [`ToolHosts`](crate::host::ToolHosts) joins several.
    #[must_use]
    pub fn with_tools(mut self, host: Arc<dyn ToolHost>) -> Self {
        self.offer.tools = Some(host);
        self
    }

    /// Offers the resources of `host`.
    #[must_use]
    pub fn with_resources(mut self, host: Arc<dyn ResourceHost>) -> Self {
        self.offer.resources = Some(host);
        self
    }

    /// Offers the prompts of `host`.
    #[must_use]
    pub fn with_prompts(mut self, host: Arc<dyn PromptHost>) -> Self {
        self.offer.prompts = Some(host);
        self
    }

    /// Offers completions of arguments.
    #[must_use]
    pub fn with_completions(mut self, host: Arc<dyn CompletionHost>) -> Self {
        self.offer.completions = Some(host);
        self
    }

    /// Offers extensions of the protocol.
    #[must_use]
    pub fn with_extensions(mut self, host: Arc<dyn ExtensionHost>) -> Self {
        self.offer.extensions = Some(host);
        self
    }

    /// Adds the instructions that `introduction` gives when a client asks.
    #[must_use]
    pub fn with_introduction(mut self, introduction: Arc<dyn Introduction>) -> Self {
        self.offer.introduction = Some(introduction);
        self
    }

    /// Tells clients what changes. Without it, lists and resources are said not to change while
    /// the server runs, and `subscriptions/listen` is accepted and stays silent.
    #[must_use]
    pub fn with_changes(mut self, changes: Changes) -> Self {
        self.offer.changes = Some(changes);
        self
    }

    /// Tells `observer` of every request that a port serves.
    #[must_use]
    pub fn observed_by(mut self, observer: Arc<dyn RequestObserver>) -> Self {
        self.offer.observer = Some(observer);
        self
    }

    /// Offers to send the log messages of hosts; see [`Client::log`](crate::host::Client::log).
    #[must_use]
    pub fn with_logging(mut self) -> Self {
        self.offer.logging = true;
        self
    }

    /// Sets how many items of a list one page may have; at least one.
    #[must_use]
    pub fn with_page_size(mut self, items: usize) -> Self {
        self.offer.page = items.max(1);
        self
    }

    /// Serves one client until it closes `input` or goes away.
    ///
    /// When `input` ends, calls in progress have [`CALL_GRACE`] to be answered; the rest are
    /// cancelled by dropping them. What is queued for `output` has [`FLUSH_GRACE`] to be read.
    /// Dropping the future cancels every call and drops what is still queued. No message of a
    /// client ends the server.
    ///
    /// Must run inside a tokio runtime with its clock and, for [`stdio`](crate::stdio), its I/O
    /// driver enabled.
    ///
    /// # Errors
    /// [`ServeError`], for a failure that is not the client's going away.
    pub async fn serve<R, W>(self, input: R, output: W) -> Result<(), ServeError>
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        let (queue, lines) = unbounded_channel();
        let registry = Arc::new(InFlightRequests::new(queue));
        let mut informer = JoinSet::new();
        if let Some(changes) = self.offer.changes.clone() {
            let offer = self.offer.clone();
            let registry = Arc::clone(&registry);
            informer.spawn(async move { inform_session(&changes, &offer, &registry).await });
        }
        let handler = Arc::new(Handler::new(
            &self.identity,
            self.offer,
            Arc::clone(&registry),
        ));
        // A set of one: it ends the task when this future is dropped.
        let mut writer = JoinSet::new();
        writer.spawn({
            let registry = Arc::clone(&registry);
            async move {
                let written = write_lines(output, lines, &registry).await;
                registry.close_queue();
                written
            }
        });
        let transport = LineTransport::new(
            LineReader::new(input, MAX_LINE_BYTES),
            Arc::clone(&handler),
            Arc::clone(&registry),
        );
        let running = serve_directly(handler, transport, None);
        let stop = running.cancellation_token();
        let mut running = pin!(running.waiting());
        let quit = tokio::select! {
            quit = &mut running => quit,
            () = wind_down(&registry) => {
                stop.cancel();
                running.await
            }
        };
        registry.close_queue();
        let written = match timeout(FLUSH_GRACE, writer.join_next()).await {
            Ok(Some(Ok(written))) => written,
            Ok(Some(Err(_)) | None) | Err(_) => Ok(()),
        };
        quit.map_err(|source| ServeError::Engine { source })?;
        unless_gone(registry.take_input_end()).map_err(|source| ServeError::Read { source })?;
        unless_gone(written).map_err(|source| ServeError::Write { source })
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Server")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// Waits for the end of the connection, and for running calls as long as their grace lasts.
async fn wind_down(registry: &InFlightRequests) {
    registry.ended().await;
    if timeout(CALL_GRACE, registry.idle()).await.is_err() {
        tracing::info!("calls in progress are cancelled, the client is gone");
    }
}

/// A client that exits takes its ends of pipes and sockets with it; that is how a connection ends.
fn unless_gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::BrokenPipe
                    | io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
            ) =>
        {
            Ok(())
        }
        result => result,
    }
}

/// How long calls in progress may go on after the client closed its end.
pub const CALL_GRACE: Duration = Duration::from_millis(200);

/// How long a client that closed its end may take to read the replies that are ready.
pub const FLUSH_GRACE: Duration = Duration::from_secs(2);

/// The longest line that is read; a longer one is skipped and answered with -32600.
pub const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;
