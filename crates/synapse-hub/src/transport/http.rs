//! A conversation over streamable HTTP: each message is a separate `POST`.
//!
//! Nothing is posted twice, no redirect is followed and no session is reopened. A stream that ends
//! early loses its request, unless a legacy server offered to resume it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value};
use synapse_http::Method;
use synapse_mcp::client::wire::{self, Answer};
use synapse_mcp::client::{
    CallError, Calls, Conversation, Eras, Hello, MayHaveRun, Negotiation, Outgoing, Probed,
    Replies, RunningRequest, initialized, probed, settled,
};
use synapse_mcp::{Era, JsonObject};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::exchange::Exchange;
use super::link::{JSON_OR_STREAM, Link, STREAM_TYPE};
use super::response::{FAREWELL, content_type};
use super::server::HttpServer;

/// A conversation over streamable HTTP.
#[derive(Debug)]
pub struct HttpConversation {
    hello: Hello,
    link: Arc<Link>,
    replies: Arc<dyn Replies>,
    /// The task that reads unsolicited messages.
    listener: Mutex<Option<AbortHandle>>,
}

impl HttpServer {
    /// Opens a conversation within [`HttpServer::start`]. Sends `server/discover`, `initialize` or
    /// both, as [`eras`](synapse_mcp::client::ClientIntroduction::eras) says. Needs a tokio runtime with
    /// I/O and time.
    ///
    /// # Errors
    /// [`CallError`]; a response that is not MCP is [`CallError::Http`].
    pub async fn open(self) -> Result<HttpConversation, CallError> {
        let calls = Calls::new(self.introduction.standing.clone());
        let start = self.start;
        let link = Arc::new(Link {
            server: self,
            calls,
            session: OnceLock::new(),
            revision: OnceLock::new(),
            is_lost: AtomicBool::new(false),
        });
        let replies: Arc<dyn Replies> = Arc::new(Posted(Arc::clone(&link)));
        match timeout(start, link.open(&replies)).await {
            Ok(Ok(hello)) => {
                let conversation = HttpConversation {
                    hello,
                    link,
                    replies,
                    listener: Mutex::default(),
                };
                conversation.listen().await;
                Ok(conversation)
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(CallError::Timeout { waited: start }),
        }
    }
}

impl Link {
    async fn open(&self, replies: &Arc<dyn Replies>) -> Result<Hello, CallError> {
        let negotiation = match self.server.introduction.eras {
            Eras::Legacy => Negotiation::Pinned,
            eras @ (Eras::Both | Eras::Modern) => match self.discover(eras, replies).await {
                Probed::Modern(hello) => {
                    self.revision.get_or_init(|| hello.revision);
                    return Ok(*hello);
                }
                Probed::Legacy(negotiation) => negotiation,
                Probed::Again | Probed::Failed(_) if eras == Eras::Modern => {
                    return Err(CallError::Protocol {
                        what: "it does not support the pinned protocol era",
                    });
                }
                Probed::Again => Negotiation::Silent,
                Probed::Failed(error) => return Err(error),
            },
        };
        let params = self.server.introduction.initialize();
        let answer = self
            .answer(
                "initialize",
                params,
                Era::Legacy,
                self.server.start,
                replies,
            )
            .await?;
        let hello = initialized(answer, negotiation)?;
        self.revision.get_or_init(|| hello.revision);
        let message = wire::notification("notifications/initialized", Map::new());
        self.post_aside(message, self.server.start).await?;
        Ok(hello)
    }

    async fn discover(&self, eras: Eras, replies: &Arc<dyn Replies>) -> Probed {
        let mut patience = self.server.start;
        if eras == Eras::Both {
            patience = PROBE_PATIENCE.min(patience / 2);
        }
        let mut is_again = false;
        loop {
            let params = self.server.introduction.discover();
            let answer = self.answer("server/discover", params, Era::Modern, patience, replies);
            let judged = match timeout(patience, answer).await {
                Ok(Ok(answer)) => probed(answer, eras),
                Ok(Err(error)) => unanswered(error, eras),
                Err(_) => unanswered(CallError::Timeout { waited: patience }, eras),
            };
            match judged {
                // The server lists the requested version among the supported ones.
                Probed::Again if !is_again => is_again = true,
                judged => return judged,
            }
        }
    }

    /// Sends one request of the handshake.
    async fn answer(
        &self,
        method: &str,
        params: JsonObject,
        era: Era,
        patience: Duration,
        replies: &Arc<dyn Replies>,
    ) -> Result<Answer, CallError> {
        let running = RunningRequest::begin(&self.calls, &Outgoing::within(method, patience))?;
        let exchange = Exchange {
            link: self,
            replies,
            id: running.id(),
            era,
            longest: patience,
        };
        exchange.run(method, params, None).await
    }
}

impl HttpConversation {
    /// Opens the stream of a legacy server's own messages, since some servers send their requests
    /// there. Opened once; a server without it refuses.
    async fn listen(&self) {
        let wanted = self.hello.revision.era() == Era::Legacy
            && (!self.link.server.introduction.capabilities.is_empty()
                || announces_changes(&self.hello.capabilities));
        if !wanted {
            return;
        }
        let (link, replies) = (Arc::clone(&self.link), Arc::clone(&self.replies));
        let (opened, is_open) = tokio::sync::oneshot::channel();
        let task = tokio::spawn(async move {
            let response = link
                .send(Method::Get, None, &[], STREAM_TYPE, FOR_EVER)
                .await;
            let response = response.ok().filter(|response| {
                response.status == 200 && content_type(response).as_deref() == Some(STREAM_TYPE)
            });
            opened.send(()).ok();
            if let Some(response) = response {
                link.hear(response, &replies).await;
            }
        });
        self.keep(task.abort_handle());
        // A server request of the first call would be lost without the stream.
        drop(timeout(LISTENING, is_open).await);
    }

    fn keep(&self, task: AbortHandle) {
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        *listener = Some(task);
    }

    fn stop_listening(&self) {
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = listener.take() {
            task.abort();
        }
    }
}

#[async_trait]
impl Conversation for HttpConversation {
    fn hello(&self) -> &Hello {
        &self.hello
    }

    async fn request(&self, outgoing: Outgoing) -> Result<JsonObject, CallError> {
        let era = self.hello.revision.era();
        let link = &self.link;
        let running = RunningRequest::begin(&link.calls, &outgoing)?;
        let token = outgoing.progress.is_some().then_some(running.id());
        let params = link.server.introduction.params(
            era,
            outgoing.params,
            outgoing.meta,
            &outgoing.capabilities,
            token,
        );
        // Dropped before `running`, so that the call is still registered.
        let cancelling = Cancelling {
            link,
            id: running.id(),
            era,
        };
        let exchange = Exchange {
            link,
            replies: &self.replies,
            id: running.id(),
            era,
            longest: outgoing.longest,
        };
        let answer = tokio::select! {
            biased;
            answer = exchange.run(&outgoing.method, params, outgoing.input_schema.as_ref()) => answer,
            error = running.impatience() => Err(error),
        };
        let is_over = !matches!(
            answer,
            Err(CallError::Timeout { .. } | CallError::Interrupted | CallError::Protocol { .. })
        );
        if is_over {
            // Answered or never started: nothing to cancel.
            let _is_unanswered = link.calls.give_up(running.id());
        }
        drop(cancelling);
        settled(answer?, era)
    }

    fn is_open(&self) -> bool {
        self.link.calls.is_open()
    }

    async fn close(&self) {
        self.stop_listening();
        self.link.calls.end(&CallError::Ended {
            may_have_run: MayHaveRun::No,
        });
        let is_lost = self.link.is_lost.swap(true, Ordering::AcqRel);
        if self.link.session.get().is_some() && !is_lost {
            let goodbye = self
                .link
                .send(Method::Delete, None, &[], JSON_OR_STREAM, FAREWELL);
            // Best effort: the server may keep its session.
            drop(goodbye.await);
        }
    }
}

impl Drop for HttpConversation {
    fn drop(&mut self) {
        self.stop_listening();
    }
}

/// Cancels an abandoned request at a legacy server. In the modern era closing the stream suffices.
struct Cancelling<'a> {
    link: &'a Arc<Link>,
    id: u64,
    era: Era,
}

impl Drop for Cancelling<'_> {
    fn drop(&mut self) {
        if !self.link.calls.give_up(self.id) || self.era == Era::Modern {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (link, message) = (Arc::clone(self.link), wire::cancellation(self.id));
        drop(runtime.spawn(async move { link.post_aside(message, FAREWELL).await }));
    }
}

/// Posts answers to server requests.
#[derive(Debug)]
struct Posted(Arc<Link>);

#[async_trait]
impl Replies for Posted {
    async fn reply(&self, message: Vec<u8>) {
        if let Err(error) = self.0.post_aside(message, REPLYING).await {
            tracing::warn!("an answer to a server's question was lost: {error}");
        }
    }
}

/// The consequence of a failed probe.
fn unanswered(error: CallError, eras: Eras) -> Probed {
    let negotiation = match error {
        CallError::Http { status, .. } if speaks_for_legacy(status) => {
            Negotiation::RefusedByStatus(status)
        }
        CallError::Timeout { .. } | CallError::Protocol { .. } | CallError::Interrupted => {
            Negotiation::Silent
        }
        error => return Probed::Failed(error),
    };
    match eras {
        Eras::Both => Probed::Legacy(negotiation),
        Eras::Legacy | Eras::Modern => Probed::Failed(error),
    }
}

/// Whether a legacy server may reject an unknown request with this status. Statuses of
/// authentication, limits and outages are excluded.
const fn speaks_for_legacy(status: u16) -> bool {
    matches!(status, 400..=501) && !matches!(status, 401 | 402 | 403 | 407 | 429)
}

fn announces_changes(capabilities: &JsonObject) -> bool {
    capabilities.values().any(|capability| {
        ["listChanged", "subscribe"]
            .iter()
            .any(|key| capability.get(key) == Some(&Value::Bool(true)))
    })
}

/// Timeout of the probe before `initialize` is sent instead.
const PROBE_PATIENCE: Duration = Duration::from_secs(10);
const LISTENING: Duration = Duration::from_secs(2);
const REPLYING: Duration = Duration::from_secs(30);
/// Longer than any IDE session.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);
