//! The files of every client: install, inspect, remove, undo, and refuse when unfit.

#![cfg(test)]
#![cfg(unix)]

mod desk;
mod library;
mod places;
mod refusals;
mod rights;
mod round_trips;
mod table;
mod writing;
