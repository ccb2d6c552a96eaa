//! The store on a real disk: edited files, damaged files, other processes, crashes.

#![cfg(test)]
#![cfg(unix)]
#![expect(
    clippy::print_stdout,
    reason = "tests of many runs print how many there were"
)]

mod approvals;
mod child;
mod connections;
mod contract;
mod formats;
mod hub;
mod ledger;
mod library;
mod support;
mod upstreams;
