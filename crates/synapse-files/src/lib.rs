//! Files: atomic replacement, locks between processes, identity, trust by owner and mode. Knows
//! nothing of Synapse.
//!
//! **Invariant:** nothing here reads the environment or compares paths as text. Reading creates
//! nothing.

mod error;
mod identity;
mod leftover;
mod lock;
mod place;
mod private;
mod read;
mod replace;
mod trust;

pub use error::{FileError, is_of_room};
pub use identity::{Identity, is_within, same_file};
pub use leftover::{leftovers, sweep};
pub use lock::{Lock, SharedLock};
pub use place::Place;
pub use private::{close, create_directory, directory_within, exposed, private_options, tighten};
pub use read::{Found, describe, open, read};
pub use replace::{Prepared, Replacement, Rights, create, remove_if};
pub use trust::{Distrust, ModeSupport, TrustFlaw, examine};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
