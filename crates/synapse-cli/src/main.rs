//! The `synapse` binary. Everything is in the library, so that a twin can be built for tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    synapse_cli::main()
}
