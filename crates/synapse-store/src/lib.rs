//! Persistent data without secrets: connections.toml, mcp-servers.json, approvals, and the SQLite
//! ledger.
//!
//! **Invariant:** nothing here reads the environment or guesses a directory: both are passed in.
//! Reading creates nothing; every write is atomic and safe with concurrent processes.

#[cfg(any(test, fuzzing))]
pub mod any_bytes;
mod approvals;
mod connections;
mod dataset;
mod failure;
mod ledger;
mod logs;
mod running;
mod upstreams;

pub use approvals::JsonApprovals;
pub use connections::TomlConnections;
pub use dataset::{Dataset, DatasetPart, Machine, PartFile, PartPlace};
pub use ledger::{SqliteLedger, SqlitePrices};
pub use logs::{UpstreamLog, read_log};
pub use running::{Note, RunningServer, note_running, running};
pub use upstreams::{HubPlace, JsonUpstreams, Offering, UpstreamsFile, not_found, read_env_file};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
