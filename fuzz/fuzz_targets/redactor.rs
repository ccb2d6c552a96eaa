//! Looks for a secret, a text and a way to write the one into the other that the redactor misses.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| synapse_testkit::redaction::check(data));
