//! Looks for a list of models that cannot be shown.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| synapse_providers::any_bytes::models(data));
