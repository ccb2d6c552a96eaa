//! A conversation over a pair of line streams: a server's input and output.
//!
//! One task reads, one writes. Nothing is sent twice, and an abandoned request is not sent at all.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Map;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until, timeout};

use super::calls::{Calls, Replies};
use super::caps::Caps;
use super::opening::{ClientIntroduction, Eras, Negotiation, Probed, initialized, probed, settled};
use super::pipes::{ENDED, Item, OutputReader, write};
use super::running::RunningRequest;
use super::wire::{self, Answer};
use super::{CallError, Conversation, Hello, Outgoing};
use crate::{Era, JsonObject};

/// A conversation over a pair of line streams. Dropping it stops reading and writing.
pub struct LineConversation {
    hello: Hello,
    link: ConversationState,
    /// `true` once the server's output has ended.
    ended: watch::Receiver<bool>,
    tasks: [AbortHandle; 2],
}

/// Why no conversation was opened.
#[derive(Debug, thiserror::Error)]
#[error("no conversation was opened")]
pub struct Unopened {
    /// The error.
    #[source]
    pub error: CallError,
    /// Whether the server exited on `server/discover`: it may exit on any unknown method, and still
    /// support `initialize`.
    pub at_probe: AtProbe,
}

/// Whether the server ended at the probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtProbe {
    /// It ended, and only the probe was sent.
    Ended,
    /// Another failure.
    No,
}

/// Shared with requests.
#[derive(Clone)]
struct ConversationState {
    introduction: Arc<ClientIntroduction>,
    calls: Arc<Calls>,
    queue: UnboundedSender<Item>,
}

impl LineConversation {
    /// Opens a conversation with a server on `output` and `input`, within `limit`. Needs a tokio
    /// runtime with time. Sends the probe, `initialize` or both, as [`ClientIntroduction::eras`] says.
    ///
    /// # Errors
    /// [`Unopened`]. Both pipes are closed then.
    pub async fn open<R, W>(
        output: R,
        input: W,
        introduction: ClientIntroduction,
        caps: Caps,
        limit: Duration,
    ) -> Result<Self, Unopened>
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        let calls = Calls::new(introduction.standing.clone());
        let (queue, queued) = unbounded_channel();
        let (at_end, ended) = watch::channel(false);
        let (era, era_read) = watch::channel(Era::Legacy);
        let link = ConversationState {
            introduction: Arc::new(introduction),
            calls: Arc::clone(&calls),
            queue,
        };
        let writer = tokio::spawn(write(input, queued, Arc::clone(&calls)));
        let reader = OutputReader::new(output, caps, calls, Arc::new(link.clone()), era_read);
        let reader = tokio::spawn(async move {
            reader.run().await;
            at_end.send_replace(true);
        });
        let mut conversation = Self {
            hello: Hello::unknown(),
            tasks: [writer.abort_handle(), reader.abort_handle()],
            link,
            ended,
        };
        conversation.hello = conversation.greet(limit).await?;
        era.send_replace(conversation.hello.revision.era());
        if conversation.hello.revision.era() == Era::Legacy {
            conversation.link.notify("notifications/initialized");
        }
        Ok(conversation)
    }

    async fn greet(&self, limit: Duration) -> Result<Hello, Unopened> {
        let until = Instant::now() + limit;
        match self.link.introduction.eras {
            Eras::Legacy => {
                let initialize = self.link.initialize(limit);
                let answer = self.link.answer(initialize).await;
                answer
                    .and_then(|answer| initialized(answer, Negotiation::Pinned))
                    .map_err(Unopened::otherwise)
            }
            Eras::Modern => self.probe(limit).await,
            Eras::Both => self.negotiate(limit, until).await,
        }
    }

    /// Probes a modern server. One that rejects the version but lists it as supported is probed
    /// again.
    async fn probe(&self, limit: Duration) -> Result<Hello, Unopened> {
        for _ in 0..2 {
            let discover = self.link.discover(limit);
            let answer = self.link.answer(discover).await;
            match probed(answer.map_err(Unopened::otherwise)?, Eras::Modern) {
                Probed::Modern(hello) => return Ok(*hello),
                Probed::Failed(error) => return Err(Unopened::otherwise(error)),
                Probed::Legacy(_) => break,
                Probed::Again => {}
            }
        }
        Err(Unopened::otherwise(CallError::Protocol {
            what: "it does not support the pinned protocol era",
        }))
    }

    /// Probes. A silent server gets `initialize` as well, and the first useful answer decides: a
    /// slow modern server answers the probe first.
    async fn negotiate(&self, limit: Duration, until: Instant) -> Result<Hello, Unopened> {
        let mut discover = self.link.discover(limit).map_err(Unopened::otherwise)?;
        let silent = Instant::now() + PROBE_PATIENCE.min(limit / 3);
        let negotiation = tokio::select! {
            answer = discover.answer() => match answer {
                Ok(answer) => match probed(answer, Eras::Both) {
                    Probed::Modern(hello) => return Ok(*hello),
                    Probed::Failed(error) => return Err(Unopened::otherwise(error)),
                    Probed::Legacy(negotiation) => negotiation,
                    Probed::Again => {
                        let mut hello = self.probe(limit).await?;
                        hello.negotiation = Negotiation::Discovered;
                        return Ok(hello);
                    }
                },
                Err(error @ CallError::Ended { .. }) => return Err(Unopened::ended_at_probe(error)),
                Err(error) => return Err(Unopened::otherwise(error)),
            },
            () = sleep_until(silent) => Negotiation::Silent,
        };
        let left = until.saturating_duration_since(Instant::now());
        let mut initialize = self.link.initialize(left).map_err(Unopened::otherwise)?;
        if negotiation == Negotiation::Silent {
            let late = tokio::select! {
                biased;
                answer = discover.answer() => Some(answer),
                answer = initialize.answer() => {
                    return match answer {
                        Ok(answer) => initialized(answer, negotiation).map_err(Unopened::otherwise),
                        Err(error @ CallError::Ended { .. }) => Err(Unopened::ended_at_probe(error)),
                        Err(error) => Err(Unopened::otherwise(error)),
                    };
                }
            };
            match late {
                Some(Ok(answer)) => {
                    if let Probed::Modern(hello) = probed(answer, Eras::Both) {
                        return Ok(*hello);
                    }
                }
                Some(Err(error @ CallError::Ended { .. })) => {
                    return Err(Unopened::ended_at_probe(error));
                }
                Some(Err(_)) | None => {}
            }
        }
        let answer = initialize.answer().await.map_err(Unopened::otherwise)?;
        initialized(answer, negotiation).map_err(Unopened::otherwise)
    }

    /// The server's handshake, for changes by the carrier.
    pub const fn hello_mut(&mut self) -> &mut Hello {
        &mut self.hello
    }

    /// Resolves when the server has closed its output.
    pub async fn ended(&self) {
        let mut ended = self.ended.clone();
        // The reader ends at the end of the output.
        drop(ended.wait_for(|ended| *ended).await);
    }

    /// Closes the server's input, which asks it to exit. Queued messages are written first; running
    /// requests continue.
    pub fn close_input(&self) {
        drop(self.link.queue.send(Item::End));
    }
}

#[async_trait]
impl Conversation for LineConversation {
    fn hello(&self) -> &Hello {
        &self.hello
    }

    async fn request(&self, outgoing: Outgoing) -> Result<JsonObject, CallError> {
        let era = self.hello.revision.era();
        let mut running = RunningRequest::begin(&self.link.calls, &outgoing)?;
        let token = outgoing.progress.is_some().then_some(running.id());
        let params = self.link.introduction.params(
            era,
            outgoing.params,
            outgoing.meta,
            &outgoing.capabilities,
            token,
        );
        let message = wire::written_request(running.id(), &outgoing.method, params).await?;
        // Dropped before `running`, so that the request is still registered.
        let _cancelling = Cancelling {
            link: &self.link,
            id: running.id(),
        };
        self.link.send(running.id(), message);
        settled(running.answer().await?, era)
    }

    fn is_open(&self) -> bool {
        self.link.calls.is_open()
    }

    async fn close(&self) {
        self.close_input();
        let ended = self.ended();
        drop(timeout(FAREWELL, ended).await);
        self.link.calls.end(&ENDED);
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Cancels an abandoned request at the server, if it was sent.
struct Cancelling<'a> {
    link: &'a ConversationState,
    id: u64,
}

impl Drop for Cancelling<'_> {
    fn drop(&mut self) {
        if self.link.calls.give_up(self.id) {
            let message = Item::Message(wire::cancellation(self.id));
            drop(self.link.queue.send(message));
        }
    }
}

impl ConversationState {
    fn discover(&self, limit: Duration) -> Result<RunningRequest, CallError> {
        self.ask("server/discover", self.introduction.discover(), limit)
    }

    fn initialize(&self, limit: Duration) -> Result<RunningRequest, CallError> {
        self.ask("initialize", self.introduction.initialize(), limit)
    }

    fn ask(
        &self,
        method: &str,
        params: JsonObject,
        limit: Duration,
    ) -> Result<RunningRequest, CallError> {
        let running = RunningRequest::begin(&self.calls, &Outgoing::within(method, limit))?;
        self.send(running.id(), wire::request(running.id(), method, params));
        Ok(running)
    }

    async fn answer(
        &self,
        running: Result<RunningRequest, CallError>,
    ) -> Result<Answer, CallError> {
        running?.answer().await
    }

    fn send(&self, id: u64, message: Vec<u8>) {
        // If the writer is gone, the conversation has ended, and the request learns that elsewhere.
        drop(self.queue.send(Item::Request(id, message)));
    }

    fn notify(&self, method: &str) {
        let message = wire::notification(method, Map::new());
        drop(self.queue.send(Item::Message(message)));
    }
}

#[async_trait]
impl Replies for ConversationState {
    async fn reply(&self, message: Vec<u8>) {
        drop(self.queue.send(Item::Message(message)));
    }
}

impl Unopened {
    const fn otherwise(error: CallError) -> Self {
        Self {
            error,
            at_probe: AtProbe::No,
        }
    }

    const fn ended_at_probe(error: CallError) -> Self {
        Self {
            error,
            at_probe: AtProbe::Ended,
        }
    }
}

impl Drop for LineConversation {
    fn drop(&mut self) {
        self.link.calls.end(&ENDED);
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl fmt::Debug for LineConversation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LineConversation")
            .field("revision", &self.hello.revision)
            .field("calls", &self.link.calls)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ConversationState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ConversationState")
    }
}

/// Timeout of the probe before `initialize` is sent as well. The slowest servers take this long to
/// start.
const PROBE_PATIENCE: Duration = Duration::from_secs(5);
/// Time for a server to close its output after its input was closed.
const FAREWELL: Duration = Duration::from_secs(2);
