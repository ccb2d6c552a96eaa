//! Looks for a secret and a text that the redactor takes too long for.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| synapse_testkit::redaction::check_time(data));
