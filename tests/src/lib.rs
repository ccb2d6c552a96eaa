//! What the whole-product tests share: a hermetic home in which the twin of the binary runs, a
//! scripted IDE, a terminal, and providers on this machine, among them one that we did not write.
//!
//! **Invariant:** a child gets the environment that is named here and nothing of ours, is waited
//! for with a deadline, and does not outlive the test that started it.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what cannot do its part here fails the test by panicking, and a JSON value that is \
              indexed answers null for what it does not have"
)]

pub mod aimock;
pub mod home;
pub mod ide;
mod output;
pub mod process;
pub mod provider;
pub mod terminal;
pub mod third_party;

use std::io::Write as _;
use std::time::Duration;

pub use aimock::Aimock;
pub use home::{Flags, Home};
pub use ide::{Era, Ide};
pub use output::Output;
pub use provider::LocalProvider;
pub use terminal::Terminal;

/// How long a test waits for something that must happen. Generous, because it only ever passes when
/// something is broken: a machine that is busy with other work is not.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Puts a line into the log of the run, from a test that passes too: a count or a measurement.
pub fn report(line: &str) {
    // Not `eprintln!`, which is shown for failed tests only.
    drop(writeln!(std::io::stderr(), "{line}"));
}
