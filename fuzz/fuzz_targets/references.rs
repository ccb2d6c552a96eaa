//! Looks for a credential reference, name, base URL or template that does not read the same again.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| synapse_core::any_bytes::references(data));
