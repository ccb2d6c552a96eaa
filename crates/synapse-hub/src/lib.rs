//! The hub: upstream MCP servers of `mcp-servers.json`, offered through one entry.
//!
//! **Invariant:** nothing is started, contacted or read for an upstream without its
//! [`Approval`](synapse_core::upstream::Approval), and one tool call is at most one upstream request.

mod places;

pub use places::SystemPlaces;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
