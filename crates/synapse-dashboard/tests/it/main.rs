//! The dashboard over raw sockets and in-memory ports: access control, side effects of pages, and
//! invalid input.

#![cfg(test)]

mod bench;
mod choosing;
mod input;
mod login;
mod pages;
mod parts;
mod safety;
mod slow;
