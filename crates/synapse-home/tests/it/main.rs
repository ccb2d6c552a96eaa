//! The home on a real file system.

#![cfg(test)]
#![cfg(unix)]

mod atomic;
mod home;
