//! Test doubles for Synapse: raw sockets that misbehave, TLS certificates that are wrong, in-memory
//! ports, loopback doubles of the providers, and an HTTP endpoint in front of stdio servers. For tests
//! only; nothing here is shipped.
//!
//! **Invariant:** a double records what its peer really did (bytes, heads, connections) and never
//! decides by itself whether that was right.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test double that cannot do its part fails the test by panicking"
)]

pub mod any_bytes;
pub mod leak;
pub mod mcp_bridge;
pub mod ports;
pub mod provider_doubles;
pub mod raw;
pub mod redaction;
pub mod scripted_mcp;
pub mod tls;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
