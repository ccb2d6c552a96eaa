//! Looks for a callback whose code is used although it is not of this login.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| synapse_oauth::any_bytes::callbacks(data));
