//! Looks for a line of an MCP server that the client misreads.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| synapse_mcp::any_bytes::client_lines(data));
