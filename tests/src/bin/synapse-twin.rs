//! The twin of the `synapse` binary: the same entry point, built in this package so that its tests
//! are given its path. It can be told to fail the moment a secret is in its memory.

use std::process::ExitCode;

fn main() -> ExitCode {
    synapse_cli::main_with(|secret| match trouble().as_deref() {
        Some("panic") => fail(secret),
        Some("abort") => std::process::abort(),
        Some("linger") => linger(),
        _ => {}
    })
}

fn trouble() -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a switch of the tests, which the product does not have"
    )]
    std::env::var("SYNAPSE_TWIN_TROUBLE").ok()
}

/// With the secret in the message, as a careless `expect` would have it.
#[expect(clippy::panic, reason = "that is the trouble that was asked for")]
fn fail(secret: &str) {
    panic!("no use for {secret:?}, nor for Bearer {secret}")
}

/// Says so and waits for the end, while a test looks at the process.
fn linger() {
    use std::io::{Read as _, Write as _};
    let mut stdout = std::io::stdout();
    drop(stdout.write_all(b"lingering\n").and_then(|()| stdout.flush()));
    drop(std::io::stdin().read(&mut [0]));
}
