//! The domain of Synapse: types, ports for all I/O, the error taxonomy, and the use cases.
//!
//! **Invariant:** no I/O, no async runtime, no clock, no environment, no randomness. All of that
//! comes through a port in [`ports`], so this crate can be embedded anywhere.

#[cfg(any(test, fuzzing))]
pub mod any_bytes;
pub mod call;
pub mod chat;
pub mod check;
pub mod checklist;
pub mod connection;
pub mod credential;
pub mod endpoint;
pub mod engine;
pub mod error;
pub mod gate;
pub mod ledger;
pub mod limits;
pub mod money;
pub mod name;
pub mod nearest;
pub mod ports;
pub mod preflight;
pub mod provider;
pub mod reach;
pub mod receipt;
pub mod secret;
pub mod shell;
pub mod telemetry;
pub mod time;
pub mod upstream;
pub mod value;

pub use connection::{Connection, Draft};
pub use engine::{Engine, Ports};
pub use error::{Class, Code, Failure, Hint, Remedy, RemedyText};
pub use gate::{NetworkGate, NetworkPermit};
pub use ledger::dataset;
pub use name::ModelId;
pub use provider::{Provider, ProviderKind};
pub use receipt::Receipt;
/// Removes secrets from text.
pub use synapse_redact as redact;
pub use value::{BaseUrl, ConnectionName, Origin, secure_url};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
