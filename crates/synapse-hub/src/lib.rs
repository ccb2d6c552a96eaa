//! The hub: upstream MCP servers of `mcp-servers.json`, offered through one entry.
//!
//! **Invariant:** nothing is started, contacted or read for an upstream without its
//! [`Approval`](synapse_core::upstream::Approval), and one tool call is at most one upstream request.

pub mod transport;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
