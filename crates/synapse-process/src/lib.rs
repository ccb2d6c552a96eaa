//! Starts programs, and ends them with everything that they started.
//!
//! **Invariant:** a program gets the variables that are given and no others, and no shell reads its
//! arguments. However its owner goes, nothing that it started stays, unless its owner says so.

#[cfg(unix)]
mod guard;
mod launch;
mod program;
mod run;
mod running;

use std::path::PathBuf;
use std::process::ExitCode;

pub use program::Program;
pub use run::{Ending, Limits, Trouble};
pub use running::{Input, Output, Running};

/// Who ends what a program leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guard {
    program: Option<PathBuf>,
}

impl Guard {
    /// Nobody: dropping a program ends its process group alone, and the death of its owner nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self { program: None }
    }

    /// The executable at the absolute path `program`, whose `main` calls [`serve_as_guard`].
    /// Windows has no guards.
    #[must_use]
    pub fn program(program: impl Into<PathBuf>) -> Self {
        Self {
            program: Some(program.into()),
        }
    }
}

/// Guards a program if this process was started for that, to the end of that program. Call it first
/// in `main`, and end with the code that it gives.
#[must_use]
pub fn serve_as_guard() -> Option<ExitCode> {
    #[cfg(unix)]
    return guard::serve();
    #[cfg(not(unix))]
    None
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
