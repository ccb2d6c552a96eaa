//! Shared by the whole-product tests: a hermetic home for the twin, a scripted IDE, a terminal, and
//! local providers, one of them third-party.
//!
//! **Invariant:** a child gets only the environment set here, is waited for with a deadline, and
//! does not outlive its test.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what cannot do its part here fails the test by panicking, and a JSON value that is \
              indexed answers null for what it does not have"
)]

pub mod aimock;
pub mod collector;
pub mod home;
pub mod ide;
mod output;
pub mod process;
pub mod provider;
pub mod terminal;
pub mod third_party;
pub mod upstream;

use std::io::Write as _;
use std::time::Duration;

pub use aimock::Aimock;
pub use collector::OtlpCollector;
pub use home::{Flags, Home, LocalProvider};
pub use ide::{Era, Ide};
pub use output::Output;
pub use terminal::Terminal;

/// Timeout for an expected event. Generous, because only a defect ever exhausts it, not a busy
/// machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Writes a count or measurement to the log, even for a passing test.
pub fn report(line: &str) {
    // Not `eprintln!`, which is only shown for failing tests.
    drop(writeln!(std::io::stderr(), "{line}"));
}
