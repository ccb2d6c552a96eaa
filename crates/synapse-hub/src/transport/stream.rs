//! The messages of an HTTP response: a JSON body, or an event stream.

use std::collections::VecDeque;

use synapse_http::sse::{Event, EventStream};
use synapse_http::{BodyReader, TransportFailure, TransportKind};
use synapse_mcp::client::wire::Incoming;
use synapse_mcp::client::{CallError, Caps, Excess, MayHaveRun, Scanner};
use tokio::task::spawn_blocking;

/// The messages of an event stream.
#[derive(Debug)]
pub(super) struct Messages {
    body: BodyReader,
    stream: EventStream,
    events: VecDeque<Event>,
    ready: VecDeque<Incoming>,
    /// Why the stream ends after the buffered messages.
    failed: Option<CallError>,
    caps: Caps,
}

/// The next item of an event stream.
#[derive(Debug)]
pub(super) enum Next {
    /// A message.
    Message(Incoming),
    /// A message over a limit, with its id if known.
    TooLarge(Excess, Option<u64>),
    /// The stream ended regularly. With both an id and a retry time it can be resumed.
    End,
}

impl Messages {
    pub(super) const fn new(body: BodyReader, caps: Caps) -> Self {
        Self {
            body,
            stream: EventStream::new(caps.bytes),
            events: VecDeque::new(),
            ready: VecDeque::new(),
            failed: None,
            caps,
        }
    }

    /// The state of the stream: last id and retry time.
    pub(super) const fn stream(&self) -> &EventStream {
        &self.stream
    }

    /// Returns the next item. Cancel safe, except during parsing of a long message.
    pub(super) async fn next(&mut self) -> Result<Next, CallError> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Ok(Next::Message(message));
            }
            if let Some(event) = self.events.pop_front() {
                if event.data.is_empty() || !matches!(event.kind.as_str(), "" | "message") {
                    continue;
                }
                match messages(event.data, self.caps).await {
                    Ok(messages) => self.ready.extend(messages),
                    Err((excess, id)) => return Ok(Next::TooLarge(excess, id)),
                }
                continue;
            }
            if let Some(error) = &self.failed {
                return Err(error.clone());
            }
            let Some(bytes) = self.body.next().await.map_err(carried)? else {
                return Ok(Next::End);
            };
            let mut events = Vec::new();
            let fed = self.stream.feed(&bytes, &mut events);
            self.events.extend(events);
            if let Err(error) = fed {
                self.failed = Some(CallError::TooLarge {
                    cap: error.cap as u64,
                    unit: "bytes",
                });
            }
        }
    }
}

/// Parses a body or event, a long one off the server's thread.
pub(super) async fn messages(
    bytes: Vec<u8>,
    caps: Caps,
) -> Result<Vec<Incoming>, (Excess, Option<u64>)> {
    let is_long = bytes.len() > LONG;
    let read = move || {
        let mut scanner = Scanner::new(caps);
        scanner
            .feed(&bytes)
            .map_err(|excess| (excess, scanner.id()))?;
        Ok(Incoming::read(&bytes))
    };
    if is_long {
        spawn_blocking(read)
            .await
            .unwrap_or_else(|_| Ok(Vec::new()))
    } else {
        read()
    }
}

/// The error of a request for a transport failure.
pub(super) fn carried(failure: TransportFailure) -> CallError {
    let may_have_run = if failure.was_sent() {
        MayHaveRun::Yes
    } else {
        MayHaveRun::No
    };
    match failure.kind() {
        TransportKind::BodyTooLarge { cap } => CallError::TooLarge {
            cap: cap as u64,
            unit: "bytes",
        },
        TransportKind::ResponseTimeout => CallError::Timeout {
            waited: failure.elapsed(),
        },
        TransportKind::Interrupted | TransportKind::Truncated if failure.status().is_some() => {
            CallError::Interrupted
        }
        _ => CallError::Carrier {
            source: std::sync::Arc::new(failure),
            may_have_run,
        },
    }
}

const LONG: usize = 64 * 1024;
