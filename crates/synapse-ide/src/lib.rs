//! Adds Synapse to the configuration files of MCP clients, removes it, and starts configured
//! entries as the client would.
//!
//! **Invariant:** an edit changes only our entry, which is verified on the result before it is
//! written. Nothing here reads the environment or guesses a directory: a [`Machine`] is passed in.
//! Entries contain no secret.

#[cfg(any(test, fuzzing))]
pub mod any_bytes;
mod change;
mod check;
mod client;
mod detection;
mod entry;
mod failure;
mod file;
mod format;
mod journal;
mod link;
mod location;
mod machine;
mod options;
mod patterns;
mod plan;
mod preview;
mod seen;
mod servers;
mod snippet;
mod state;
mod survey;
mod update;

pub use change::{Action, FileChange};
pub use check::{CheckReport, CheckedEntry, Prompt, Variables, check};
pub use client::{CLIENTS, Client, Scope};
pub use detection::is_detected;
pub use entry::{Entry, NAME};
pub use journal::{Applied, Journal};
pub use link::link;
pub use machine::{Lookup, Machine, System};
pub use plan::{Keep, Replace, install, remove};
pub use seen::EntryState;
pub use servers::{Declared, servers};
pub use snippet::snippet;
pub use state::{PlaceState, states};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
