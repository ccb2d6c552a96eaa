//! The protocol between a line and a host: rmcp where it is sound, our own where it loses.
//!
//! rmcp does: the dispatch of each request to a task of its own, the cancellation token of it, the
//! negotiation of `initialize`, `server/discover`, the checks of per-request `_meta` (-32022,
//! -32602), and the list of revisions.
//!
//! Ours, and why (facts of rmcp 3.8.0):
//! - **lines** ([`lines`], [`message`], [`transport`]): rmcp drops an unparsable line without a
//!   word, loses a last line without newline, answers malformed parameters with -32601 and ends the
//!   server on a first message it does not expect. Hence `serve_directly` on our own transport.
//! - **ids** ([`registry`]): rmcp keeps an id as `i64` or string and forgets one of two requests
//!   that share it. It gets a number of ours; the client's id is kept as the bytes it sent.
//! - **payloads** ([`registry`]): rmcp's model loses unknown members, and its log lines print whole
//!   requests, results and errors. Parameters and replies go past it, in the registry; it sees a
//!   method name and the two `_meta` keys it checks.
//! - **sessions** ([`transport`]): the answer to `initialize` counts from its place in the input,
//!   not from the moment its task ran, so that a client may send the next request at once.
//! - **the end** (`server.rs`): rmcp waits up to 5 s for running calls; this server waits for
//!   [`crate::CALL_GRACE`].
//!
//! - **both directions** ([`asking`], [`listening`]): questions to a legacy client and the streams
//!   of `subscriptions/listen` keep their raw JSON and end with the connection.
//!
//! Batches exist in 2025-03-26 alone: there each of their messages is taken by itself and answered
//! on a line of its own. Elsewhere a batch is answered with one -32600.

#[cfg(any(test, fuzzing))]
pub(crate) mod any_bytes;
pub(crate) mod asking;
pub(crate) mod dispatch;
pub(crate) mod handler;
pub(crate) mod lines;
pub(crate) mod message;
pub(crate) mod offer;
pub(crate) mod paging;
pub(crate) mod registry;
pub(crate) mod reply;
pub(crate) mod size;
pub(crate) mod subscriptions;
pub(crate) mod transport;
