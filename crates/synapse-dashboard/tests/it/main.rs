//! The dashboard over raw sockets and in-memory ports: who is let in, what a page does not do, and
//! what becomes of bad input.

#![cfg(test)]

mod bench;
mod input;
mod pages;
mod safety;
mod slow;
