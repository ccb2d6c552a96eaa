//! Looks for a `connections.toml` in which a change touches another connection.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| synapse_store::any_bytes::connections(data));
