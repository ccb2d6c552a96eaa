//! The client engine against scripted servers over pipes.

#![cfg(test)]

mod calls;
mod caps;
mod lists;
mod odd_lines;
mod opening;
mod questions;
mod support;
