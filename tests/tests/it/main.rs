//! Whole-product tests in one program: each module tests a promise to users. `cargo xtask test
//! WORD` runs the tests whose path contains the word.
#![cfg(test)]

mod anthropic;
mod bad_input;
mod check;
mod checklist;
mod compatible;
mod completions;
mod conformance;
mod daily;
#[cfg(target_os = "linux")]
mod dashboard;
#[cfg(target_os = "linux")]
mod dataset;
mod docs;
mod families;
mod faults;
mod hub;
mod hub_import;
mod hub_progress;
mod hub_reference;
mod hub_serving;
mod hugging_face;
mod ide;
mod ide_setup;
mod installations;
mod interop;
mod ledger;
mod login;
mod mutations;
mod newcomer;
mod one_request;
#[cfg(target_os = "linux")]
mod packages;
mod release;
mod reports;
mod secrets;
mod serving;
mod setups;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod torture;

/// The product under another name, so that no test runs an installed one.
const TWIN: &str = env!("CARGO_BIN_EXE_synapse-twin");

/// Overwrites a file.
fn write(path: &std::path::Path, text: &str) {
    use std::io::Write as _;
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}
