//! Pages on loopback over the use cases of Synapse; they work without JavaScript.
//!
//! **Invariant:** viewing a page reads no secret, opens no socket and starts no process.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
