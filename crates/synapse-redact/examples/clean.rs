//! Copies stdin to stdout without tokens and control characters:
//! `some-program 2>&1 | cargo run -p synapse-redact --example clean`

use std::io::{self, BufRead as _, Write as _};

use synapse_redact::{printable, without_tokens};

/// One line, fit to be shown and kept.
pub(crate) fn clean(line: &str) -> String {
    printable(&without_tokens(line))
}

fn main() -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        writeln!(stdout, "{}", clean(&line?))?;
    }
    Ok(())
}
