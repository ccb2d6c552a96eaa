//! Real programs under a real guard: their environment and their end, with nothing left.

#![cfg(test)]
#![cfg(target_os = "linux")]

mod orphans;
mod running;
mod support;
