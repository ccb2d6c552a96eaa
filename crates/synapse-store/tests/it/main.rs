//! The store on a real disk: files people edited, files that are broken, other processes, crashes.

#![cfg(test)]
#![cfg(unix)]

mod atomic;
mod child;
mod connections;
mod contract;
mod ledger;
mod secrets;
mod support;
