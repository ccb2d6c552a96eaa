//! Guards one program; used by the tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    synapse_process::serve_as_guard().unwrap_or(ExitCode::FAILURE)
}
