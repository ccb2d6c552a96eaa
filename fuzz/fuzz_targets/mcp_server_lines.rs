//! Looks for a line of an MCP client that the server cannot answer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| synapse_mcp::any_bytes::server_lines(data));
