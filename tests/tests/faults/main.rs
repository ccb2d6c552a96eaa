//! What goes wrong around the product: calls that are given up, processes that die or race, disks
//! that cannot be written, and pipes that nobody reads.

#![cfg(test)]

mod ending;
mod once;
mod pipes;
mod processes;
mod storage;

use synapse_testkit::raw::{End, RawServer, RecordedRequest, Reply};
use synapse_tests::provider::here;

const TWIN: &str = env!("CARGO_BIN_EXE_synapse-twin");

/// A provider that takes a prompt and then says nothing, unless the prompt asks for an answer.
fn hanging() -> RawServer {
    RawServer::start(|request| match prompt(request).as_str() {
        "answer" => here(),
        _ => Reply::silent(End::Hang),
    })
}

fn prompt(request: &RecordedRequest) -> String {
    let body = request.json();
    body["messages"][0]["content"].as_str().unwrap().to_owned()
}
