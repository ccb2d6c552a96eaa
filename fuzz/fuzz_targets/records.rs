//! Looks for a token record or an approval that is taken for something else.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    synapse_secrets::any_bytes::records(data);
    synapse_store::any_bytes::approvals(data);
});
