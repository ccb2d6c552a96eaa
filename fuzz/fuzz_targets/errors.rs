//! Looks for an error of a provider that shows the secret, or is not classified.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| synapse_providers::any_bytes::errors(data));
