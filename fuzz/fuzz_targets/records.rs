//! Looks for a token record or an approval that is taken for something else.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| synapse_store::any_bytes::records(data));
