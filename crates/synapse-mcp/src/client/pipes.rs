//! The two tasks of a program's pipes: one writes queued messages, one reads.

use std::sync::Arc;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use super::calls::{Calls, Replies};
use super::caps::Caps;
use super::lines::{Lines, OutputLine};
use super::wire::Incoming;
use super::{CallError, MayHaveRun};
use crate::Era;

/// The writer's next action.
pub(super) enum Item {
    Message(Vec<u8>),
    Request(u64, Vec<u8>),
    /// Closes the server's input.
    End,
}

/// Writes queued messages, and closes the server's input at the end.
pub(super) async fn write<W: AsyncWrite + Unpin>(
    mut input: W,
    mut queue: UnboundedReceiver<Item>,
    calls: Arc<Calls>,
) {
    while let Some(item) = queue.recv().await {
        let mut message = match item {
            Item::Message(message) => message,
            Item::Request(id, message) if calls.sending(id) => message,
            Item::Request(..) => continue,
            Item::End => break,
        };
        message.push(b'\n');
        let written = input.write_all(&message).await;
        if written.is_err() || input.flush().await.is_err() {
            // A server that stopped reading may still answer earlier requests.
            break;
        }
    }
    drop(input.shutdown().await);
    drop(input);
    // Requests from now on are not sent; earlier ones may be answered.
    calls.end_unsent(&ENDED);
}

/// Reads a server's output.
pub(super) struct OutputReader<R> {
    lines: Lines<R>,
    calls: Arc<Calls>,
    replies: Arc<dyn Replies>,
    /// The era, once it is known.
    era: watch::Receiver<Era>,
    /// Consecutive lines without a message.
    in_a_row: u32,
}

impl<R: AsyncRead + Unpin> OutputReader<R> {
    pub(super) fn new(
        output: R,
        caps: Caps,
        calls: Arc<Calls>,
        replies: Arc<dyn Replies>,
        era: watch::Receiver<Era>,
    ) -> Self {
        Self {
            lines: Lines::new(output, caps),
            calls,
            replies,
            era,
            in_a_row: 0,
        }
    }

    /// Reads to the end of the output, then fails remaining requests.
    pub(super) async fn run(mut self) {
        let error = loop {
            match self.lines.next().await {
                Ok(OutputLine::Whole(line)) => {
                    self.take(line).await;
                    if self.in_a_row > PATIENCE_WITH_GARBAGE {
                        break CallError::Protocol {
                            what: "it writes only lines that are not messages",
                        };
                    }
                }
                Ok(OutputLine::TooLarge(excess, id)) => {
                    let error = CallError::TooLarge {
                        cap: excess.cap,
                        unit: excess.unit,
                    };
                    tracing::warn!("a server sent a message with {excess}; it was dropped");
                    match id {
                        Some(id) => self.calls.settle(&Value::from(id), Err(error)),
                        None => self.calls.count_garbage(),
                    }
                }
                Ok(OutputLine::Endless) => {
                    break CallError::Protocol {
                        what: "it writes a line that does not end",
                    };
                }
                Ok(OutputLine::End) | Err(_) => break ENDED,
            }
        };
        self.calls.end(&error);
    }

    async fn take(&mut self, line: Vec<u8>) {
        // Long lines are parsed off the server's thread.
        let messages = if line.len() > LONG_LINE {
            spawn_blocking(move || Incoming::read(&line))
                .await
                .unwrap_or_default()
        } else {
            Incoming::read(&line)
        };
        for message in messages {
            self.in_a_row = match message {
                Incoming::Unusable => self.in_a_row.saturating_add(1),
                _ => 0,
            };
            self.dispatch(message);
        }
    }

    fn dispatch(&self, message: Incoming) {
        let calls = &self.calls;
        match message {
            Incoming::Answer { id, answer } => calls.settle(&id, Ok(answer)),
            Incoming::Request { id, method, params } => {
                let era = *self.era.borrow();
                calls.asked(id, method, params, era, None, &self.replies);
            }
            Incoming::Notification { method, params } => calls.notified(&method, params, None),
            Incoming::Unusable => {
                if calls.flaws().0 == 0 {
                    tracing::warn!("a server wrote a line that is not a protocol message");
                }
                calls.count_garbage();
            }
        }
    }
}

/// For requests that have not reached the server.
pub(super) const ENDED: CallError = CallError::Ended {
    may_have_run: MayHaveRun::No,
};
const LONG_LINE: usize = 64 * 1024;
/// Limit for programs that are not servers at all.
const PATIENCE_WITH_GARBAGE: u32 = 100_000;
