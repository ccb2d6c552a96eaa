//! Looks for an event stream that reads differently in other pieces.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| synapse_http::any_bytes::event_stream(data));
