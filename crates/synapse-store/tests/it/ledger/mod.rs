//! The ledger: rows, sums, other processes, crashes, broken files.

pub(crate) mod broken;
pub(crate) mod processes;
mod rows;
mod usage;
