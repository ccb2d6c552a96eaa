//! The MCP stdio server of Synapse, for IDEs, over ports, and in [`client`] the side that speaks with
//! other servers.
//!
//! It speaks the revision 2026-07-28 and every earlier one from one process, and sees the product
//! only through the ports of [`host`]. It never prints, reads no environment and exits no process.

#[cfg(any(test, fuzzing))]
pub mod any_bytes;
pub mod client;
mod engine;
mod failure;
pub mod host;
mod identity;
pub mod product;
mod revision;
mod server;
pub mod stdio;
pub mod tools;
mod view;

pub use failure::{failed_call, failed_request};
pub use host::{
    Caller, CompletionHost, HostError, PromptHost, ResourceHost, ToolCall, ToolError, ToolHost,
    ToolList, ToolResult,
};
pub use identity::ServerIdentity;
pub use revision::{Era, ProtocolRevision};
pub use server::{CALL_GRACE, FLUSH_GRACE, MAX_LINE_BYTES, ServeError, Server};

/// A JSON object as it stands on the wire: unknown members survive, their order too.
pub type JsonObject = serde_json::Map<String, serde_json::Value>;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
