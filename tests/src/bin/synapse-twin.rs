//! The twin of the `synapse` binary: the same entry point, built in this package so that its tests
//! are given its path. It can be told to fail the moment a secret is in its memory, and to be at a
//! terminal as if a shell had started it.

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = synapse_tests::terminal::run_as_a_shell() {
        return code.into();
    }
    synapse_cli::main_with(|secret| match variable("SYNAPSE_TWIN_TROUBLE").as_deref() {
        Some("panic") => fail(secret),
        Some("abort") => std::process::abort(),
        Some("linger") => linger(),
        Some("tell") => tell(secret),
        _ => {}
    })
}

fn variable(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a switch of the tests, which the product does not have"
    )]
    std::env::var(name).ok()
}

/// With the secret in the message, as a careless `expect` would have it.
#[expect(clippy::panic, reason = "that is the trouble that was asked for")]
fn fail(secret: &str) {
    panic!("no use for {secret:?}, nor for Bearer {secret}")
}

/// As if nothing took the secret out of what is logged.
fn tell(secret: &str) {
    use std::io::Write as _;
    drop(writeln!(std::io::stderr(), "resolved {secret}"));
}

/// Tells the reader of a named pipe that it is there, and waits for a writer, while a test looks at
/// the process.
fn linger() {
    let Some(fifo) = variable("SYNAPSE_TWIN_FIFO") else {
        return;
    };
    drop(std::fs::File::options().write(true).open(&fifo));
    drop(std::fs::read(&fifo));
}
