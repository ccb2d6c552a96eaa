//! Looks for another program's file in which an edit changes more than our entry.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| synapse_ide::any_bytes::edits(data));
