//! Starts programs, and ends them with all of their descendants.
//!
//! **Invariant:** a program gets exactly the given variables, and no shell reads its arguments.
//! However its owner ends, no descendant stays unless the owner asks for it.

#[cfg(unix)]
mod guard;
#[cfg(windows)]
mod job;
mod launch;
mod listener;
mod others;
mod pipes;
mod program;
mod run;
mod running;

use std::path::PathBuf;
use std::process::ExitCode;

pub use listener::{Listener, listener};
pub use others::{end_at_once, end_politely, is_there};
pub use pipes::{Input, Output};
pub use program::Program;
pub use run::{Ending, Limits, Trouble};
pub use running::Running;

/// The process that ends the descendants of a program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guard {
    program: Option<PathBuf>,
}

impl Guard {
    /// Nobody: dropping a program ends only its process group, and the death of its owner ends
    /// nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self { program: None }
    }

    /// The executable at the absolute path `program`, whose `main` calls [`serve_as_guard`].
    /// Windows uses a job object instead, whatever `program` is.
    #[must_use]
    pub fn program(program: impl Into<PathBuf>) -> Self {
        Self {
            program: Some(program.into()),
        }
    }
}

/// Runs as a guard, until its program ends, if this process was started as one. Call it first in
/// `main`, and exit with the code it returns.
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
