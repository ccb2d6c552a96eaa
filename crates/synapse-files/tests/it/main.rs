//! Files on a real file system.

#![cfg(test)]
#![cfg(unix)]

mod leftovers;
mod places;
mod replacing;
mod support;
mod trust;
