//! The hub with fakes: a line-based IDE on one side, scripted upstreams on the other.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod changes;
mod eras;
mod errors;
mod fidelity;
mod isolation;
mod large;
mod library;
mod lists;
mod lists_in_motion;
mod overload;
mod ranking;
mod resources;
mod secrets;
mod starts;
mod support;
mod twins;
