//! The protocol engine between lines and hosts: rmcp where it is sound, our own code where it loses
//! data.
//!
//! rmcp provides: a task per request, its cancellation token, the negotiation of `initialize`,
//! `server/discover`, the validation of per-request `_meta` (-32022, -32602), and the list of
//! versions.
//!
//! Ours, with the reasons (as of rmcp 3.8.0):
//! - **lines** ([`lines`], [`message`], [`transport`]): rmcp silently drops an unparsable line,
//!   loses a last line without newline, answers malformed parameters with -32601 and ends the
//!   server on an unexpected first message. Hence `serve_directly` on our own transport.
//! - **ids** ([`registry`]): rmcp stores an id as `i64` or string and loses one of two requests
//!   that share it. It gets our own number; the client's id is kept verbatim.
//! - **payloads** ([`registry`]): rmcp's model drops unknown members, and its log lines contain
//!   whole requests, results and errors. Parameters and replies bypass it through the registry; it
//!   sees a method name and the two `_meta` keys it validates.
//! - **sessions** ([`transport`]): the answer to `initialize` takes effect at its place in the
//!   input, not when its task runs, so that a client may send the next request at once.
//! - **shutdown** ([`serve`]): rmcp waits up to 5 s for running calls; this server waits for
//!   [`crate::CALL_GRACE`].
//!
//! - **both directions** ([`asking`], [`subscriptions`]): requests to a legacy client and the
//!   streams of `subscriptions/listen` keep raw JSON and end with the connection.
//!
//! Batches only exist in 2025-03-26: there each message is processed separately and answered on its
//! own line. Elsewhere a batch gets a single -32600.

#[cfg(any(test, fuzzing))]
pub(crate) mod any_bytes;
pub(crate) mod asking;
pub(crate) mod capabilities;
pub(crate) mod error;
pub(crate) mod handler;
pub(crate) mod lines;
pub(crate) mod message;
pub(crate) mod paging;
mod parameters;
pub(crate) mod registry;
pub(crate) mod reply;
mod serve;
pub(crate) mod subscriptions;
pub(crate) mod transport;

pub use self::serve::{CALL_GRACE, FLUSH_GRACE, MAX_LINE_BYTES, ServeError, Server};
