//! The scripted MCP server as a program.

use std::process::ExitCode;

use synapse_testkit::scripted_mcp::Behaviour;

fn main() -> ExitCode {
    let behaviour = Behaviour::from_arguments(std::env::args().skip(1));
    ExitCode::from(behaviour.serve())
}
