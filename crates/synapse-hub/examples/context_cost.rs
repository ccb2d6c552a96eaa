//! Prints the context cost of a server's tools, given the `tools` of a `tools/list` result: `cargo
//! run -p synapse-hub --example context_cost -- SERVER tools.json`

#![expect(clippy::print_stdout, reason = "a program of its own: it prints")]

use std::error::Error;

use serde_json::Value;
use synapse_hub::{estimated_tokens, offered_name};

/// Each tool by its offered name, with its estimated tokens.
pub(crate) fn costs(server: &str, tools: &[Value]) -> Vec<(String, u64)> {
    let cost = |tool: &Value| {
        let name = tool.get("name").and_then(Value::as_str)?;
        let bytes = u64::try_from(tool.to_string().len()).ok()?;
        Some((offered_name(server, name), estimated_tokens(bytes)))
    };
    tools.iter().filter_map(cost).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, file] = arguments.as_slice() else {
        return Err("usage: context_cost SERVER FILE".into());
    };
    let tools: Vec<Value> = serde_json::from_slice(&std::fs::read(file)?)?;
    for (name, tokens) in costs(server, &tools) {
        println!("{tokens:>7} {name}");
    }
    Ok(())
}
