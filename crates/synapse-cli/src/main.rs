//! The `synapse` binary. All code is in the library, so that a test build of it can be made.

use std::process::ExitCode;

fn main() -> ExitCode {
    synapse_cli::main()
}
