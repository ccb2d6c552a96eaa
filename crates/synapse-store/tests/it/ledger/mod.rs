//! The ledger: rows, sums, other processes, crashes, broken files.

mod audit;
pub(crate) mod broken;
pub(crate) mod limits;
mod migration;
mod prices;
pub(crate) mod processes;
mod retention;
mod rows;
mod search;
mod story;
mod usage;
