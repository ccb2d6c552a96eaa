//! Looks for an answer of a provider that hands the secret back, or hides damage.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| synapse_providers::any_bytes::answers(data));
