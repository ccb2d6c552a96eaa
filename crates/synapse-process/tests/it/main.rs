//! Real programs under a real guard: what they get, how they end, and that nothing of them stays.

#![cfg(test)]
#![cfg(target_os = "linux")]

mod orphans;
mod running;
mod support;
