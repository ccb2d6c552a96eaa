//! Files: replaced as a whole, locked between processes, known by identity, trusted by owner and
//! mode. Also the home directory of Synapse and the names of the files in it.
//!
//! **Invariant:** nothing here reads the environment, and nothing compares paths as text. Reading
//! creates nothing.

mod error;
mod home;
mod identity;
mod leftover;
mod lock;
mod place;
mod private;
mod read;
mod replace;
mod trust;

pub use error::FileError;
pub use home::Home;
pub use identity::{Identity, is_within, same_file};
pub use leftover::{leftovers, sweep};
pub use lock::{Lock, SharedLock};
pub use place::Place;
pub use private::{create_directory, directory_within, private_options, tighten};
pub use read::{Found, describe, open, read};
pub use replace::{Prepared, Replacement, Rights, create, remove_if};
pub use trust::{Distrust, Flaw, ModeSupport, examine};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
