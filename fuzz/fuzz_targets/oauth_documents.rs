//! Looks for OAuth metadata and tokens that are taken although they may not be.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| synapse_oauth::any_bytes::documents(data));
