//! Where Synapse keeps what outlives a process: connections.toml, the SQLite ledger, the local vault
//! of secrets, and the way to every other place that credential references name.
//!
//! **Invariant:** nothing here reads the environment or guesses a directory: both are passed in.
//! Reading creates nothing; every write is atomic and safe against other processes.

mod aside;
pub mod atomic;
mod connections;
mod failure;
mod ledger;
mod secrets;
mod shell;
mod tokens;

pub use connections::TomlConnections;
pub use failure::{is_of_room, try_write};
pub use ledger::{SqliteLedger, SqlitePrices};
pub use secrets::{Environment, Inspected, NewKey, NoPrompt, Scanned, Secrets};
pub use synapse_files::Home;
pub use synapse_process::Guard;
pub use tokens::TokenRecords;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
