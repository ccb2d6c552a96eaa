//! What becomes of the files of every client: installed, looked at, removed, undone, and left
//! alone when they are not fit.

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
