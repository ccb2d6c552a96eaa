//! The client engine against scripted servers over pipes.

#![cfg(test)]

mod calls;
mod caps;
mod lists;
mod opening;
mod questions;
mod support;
