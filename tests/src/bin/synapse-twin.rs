//! The twin of the `synapse` binary: the same entry point, built in this package so that its tests
//! get its path. Can be made to fail while a secret is in memory, and to act as a session leader on
//! a terminal.

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

/// Panics with the secret in the message, like a careless `expect`.
#[expect(clippy::panic, reason = "that is the trouble that was asked for")]
fn fail(secret: &str) {
    panic!("no use for {secret:?}, nor for Bearer {secret}")
}

/// Logs the secret without redaction.
fn tell(secret: &str) {
    use std::io::Write as _;
    drop(writeln!(std::io::stderr(), "resolved {secret}"));
}

/// Signals the reader of a named pipe and waits for a writer, while a test inspects the process.
fn linger() {
    let Some(fifo) = variable("SYNAPSE_TWIN_FIFO") else {
        return;
    };
    drop(std::fs::File::options().write(true).open(&fifo));
    drop(std::fs::read(&fifo));
}
