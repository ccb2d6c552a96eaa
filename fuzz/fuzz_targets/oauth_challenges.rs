//! Looks for a challenge that leads to another origin or out of a command line.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| synapse_oauth::any_bytes::challenges(data));
