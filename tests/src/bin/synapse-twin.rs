//! The twin of the `synapse` binary: the same entry point, built in this package so that its tests
//! are given its path.

use std::process::ExitCode;

fn main() -> ExitCode {
    synapse_cli::main()
}
