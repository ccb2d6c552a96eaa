//! The ledger: rows, sums, other processes, crashes, broken files.

mod audit;
pub(crate) mod broken;
pub(crate) mod ended;
mod glance;
mod hub;
pub(crate) mod journal;
mod kept;
pub(crate) mod limits;
mod migration;
mod prices;
pub(crate) mod processes;
mod repair;
mod retention;
mod rows;
mod search;
pub(crate) mod spool;
mod story;
mod usage;
