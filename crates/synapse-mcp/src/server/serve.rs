//! A server on one connection, from the first line to shutdown.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use rmcp::service::serve_directly;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

use super::capabilities::ServedCapabilities;
use super::handler::Handler;
use super::lines::{LineReader, write_lines};
use super::registry::InFlightRequests;
use super::subscriptions::inform_session;
use super::transport::LineTransport;
use crate::host::{
    Changes, CompletionHost, ExtensionHost, Introduction, PromptHost, RequestObserver, ResourceHost,
};
use crate::{ServerIdentity, ToolHost};

/// An MCP server: an identity and its ports. Advertises exactly the given ports.
#[derive(Clone)]
pub struct Server {
    identity: ServerIdentity,
    offer: ServedCapabilities,
}

/// Why a connection ended abnormally.
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
    /// Writing failed although the client was still connected.
    #[error("messages to the client could not be written")]
    Write {
        /// The failure.
        #[source]
        source: io::Error,
    },
    /// The protocol engine panicked.
    #[error("the protocol engine stopped unexpectedly")]
    Engine {
        /// The error of its task.
        #[source]
        source: JoinError,
    },
}

impl Server {
    /// Creates a server without ports.
    #[must_use]
    pub fn new(identity: ServerIdentity) -> Self {
        Self {
            identity,
            offer: ServedCapabilities::nothing(),
        }
    }

    /// Offers the tools of `host`; [`ToolHosts`](crate::host::ToolHosts) combines several.
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

    /// Offers protocol extensions.
    #[must_use]
    pub fn with_extensions(mut self, host: Arc<dyn ExtensionHost>) -> Self {
        self.offer.extensions = Some(host);
        self
    }

    /// Adds the instructions provided by `introduction` when a client connects.
    #[must_use]
    pub fn with_introduction(mut self, introduction: Arc<dyn Introduction>) -> Self {
        self.offer.introduction = Some(introduction);
        self
    }

    /// Reports changes to clients. Without it, lists and resources are declared immutable, and
    /// `subscriptions/listen` is accepted but stays silent.
    #[must_use]
    pub fn with_changes(mut self, changes: Changes) -> Self {
        self.offer.changes = Some(changes);
        self
    }

    /// Reports every request to a port to `observer`.
    #[must_use]
    pub fn observed_by(mut self, observer: Arc<dyn RequestObserver>) -> Self {
        self.offer.observer = Some(observer);
        self
    }

    /// Enables log messages of hosts; see [`Client::log`](crate::host::Client::log).
    #[must_use]
    pub fn with_logging(mut self) -> Self {
        self.offer.logging = true;
        self
    }

    /// Sets the number of items per page; at least one.
    #[must_use]
    pub fn with_page_size(mut self, items: usize) -> Self {
        self.offer.page = items.max(1);
        self
    }

    /// Serves one client until it closes `input` or disconnects.
    ///
    /// After the end of `input`, calls in progress have [`CALL_GRACE`] to finish; the rest are
    /// cancelled by dropping them. Queued output has [`FLUSH_GRACE`] to be read. Dropping the
    /// future cancels every call and discards queued output. No client message ends the server.
    ///
    /// Must run in a tokio runtime with time and, for [`stdio`](crate::stdio), I/O enabled.
    ///
    /// # Errors
    /// [`ServeError`], for failures other than the client's disconnection.
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
        // A set of one: aborts the task when this future is dropped.
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

/// Waits for the end of the connection, then for running calls within their grace period.
async fn wind_down(registry: &InFlightRequests) {
    registry.ended().await;
    if timeout(CALL_GRACE, registry.idle()).await.is_err() {
        tracing::info!("calls in progress are cancelled, the client is gone");
    }
}

/// A client that exits closes its ends of pipes and sockets; that is a normal end.
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

/// Time for calls in progress after the client closed its end.
pub const CALL_GRACE: Duration = Duration::from_millis(200);

/// Time for a client that closed its end to read pending replies.
pub const FLUSH_GRACE: Duration = Duration::from_secs(2);

/// Maximum line length; a longer line is skipped and answered with -32600.
pub const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;
