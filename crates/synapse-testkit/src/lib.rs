//! Test doubles for Synapse: misbehaving raw sockets, invalid TLS certificates, in-memory ports,
//! loopback doubles of the providers, and an HTTP endpoint for stdio servers. For tests only; never
//! shipped.
//!
//! **Invariant:** a double records what its peer did (bytes, heads, connections) and never judges
//! it.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test double that cannot do its part fails the test by panicking"
)]

pub mod any_bytes;
#[cfg(unix)]
pub mod disk;
pub mod leak;
pub mod mcp_bridge;
pub mod pool;
pub mod ports;
pub mod provider_doubles;
pub mod raw;
pub mod redaction;
pub mod scripted_mcp;
pub mod tls;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
