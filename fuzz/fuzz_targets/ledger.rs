//! Looks for damage of the ledger that is neither refused nor repaired.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| synapse_store::any_bytes::ledger(data));
