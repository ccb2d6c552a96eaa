//! OAuth for upstream MCP servers: discovery, registration, login, refresh.
//!
//! **Invariant:** serving never opens a browser, registers a client or asks; each request is one
//! `HttpClient::send` under a permit for one origin.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
