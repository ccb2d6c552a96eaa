//! Real programs under a real guard: their environment and their end, with nothing left.

#![cfg(test)]
#![cfg(any(target_os = "linux", windows))]

#[cfg(windows)]
mod jobs;
#[cfg(target_os = "linux")]
mod orphans;
#[cfg(target_os = "linux")]
mod running;
#[cfg(windows)]
mod scripts;
#[cfg(target_os = "linux")]
mod support;
