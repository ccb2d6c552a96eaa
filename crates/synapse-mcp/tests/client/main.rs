//! The client engine against scripted servers at the other end of a pair of pipes.

#![cfg(test)]

mod calls;
mod caps;
mod lists;
mod opening;
mod questions;
mod support;
