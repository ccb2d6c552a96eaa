//! Faults around the product: cancelled calls, dying and racing processes, unwritable disks, and
//! closed pipes.

mod ending;
mod modes;
mod once;
mod orphans;
mod pipes;
mod processes;
mod storage;

use synapse_testkit::raw::{End, RawServer, RecordedRequest, Reply};
use synapse_tests::provider::here;

use crate::TWIN;

/// A provider that never answers unless the prompt asks for an answer.
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

/// Waits until `holds`, up to the tests' timeout.
fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + synapse_tests::PATIENCE;
    while !holds() {
        assert!(std::time::Instant::now() < deadline, "{what}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
