//! Prints every error code: `cargo run -p synapse-core --example codes`

#![expect(clippy::print_stdout, reason = "a program of its own: it prints")]

use synapse_core::Code;

/// Each code with its exit code and meaning.
pub(crate) fn codes() -> impl Iterator<Item = String> {
    Code::CATALOGUE.iter().map(|entry| {
        let exit = entry.class.exit_code();
        format!("{exit:>3} {}: {}", entry.name, entry.meaning)
    })
}

fn main() {
    for line in codes() {
        println!("{line}");
    }
}
