//! The ledger: rows, sums, other processes, crashes, broken files.

pub(crate) mod broken;
mod prices;
pub(crate) mod processes;
mod rows;
mod usage;
