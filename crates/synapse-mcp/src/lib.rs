//! MCP, both sides: a stdio server built on ports, and in [`client`] the client side for other
//! servers. Knows nothing of Synapse.
//!
//! Supports revision 2026-07-28 and all earlier ones in one process, and accesses what it serves only
//! through the ports of [`host`]. Never prints, reads the environment or exits.

#[cfg(any(test, fuzzing))]
pub mod any_bytes;
pub mod client;
pub mod host;
mod identity;
mod revision;
mod server;
pub mod size;
pub mod stdio;

pub use host::{
    Caller, CompletionHost, HostError, PromptHost, ResourceHost, ToolCall, ToolError, ToolHost,
    ToolList, ToolResult,
};
pub use identity::ServerIdentity;
pub use revision::{Era, ProtocolRevision};
pub use server::{CALL_GRACE, FLUSH_GRACE, MAX_LINE_BYTES, ServeError, Server};

/// A JSON object as on the wire, preserving unknown members and their order.
pub type JsonObject = serde_json::Map<String, serde_json::Value>;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
