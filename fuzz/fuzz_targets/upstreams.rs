//! Looks for an `mcp-servers.json` in which a change touches another server.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| synapse_store::any_bytes::upstreams(data));
