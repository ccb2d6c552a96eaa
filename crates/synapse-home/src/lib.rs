//! The directory of Synapse: the names of its files, and their replacement, locking and checking, with
//! `storage.*` failures.
//!
//! **Invariant:** nothing here reads the environment or guesses the directory: it is passed in.

pub mod atomic;
pub mod failure;
mod home;

pub use home::Home;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
