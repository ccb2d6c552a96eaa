//! However `serve` exits, no upstream and no descendant remains.

use serde_json::json;
use synapse_tests::process::Signal;
use synapse_tests::{Era, Ide};

use super::{Hub, runs, wait_until};

/// Starts a server that leaves a child in a new session; returns both processes.
fn started() -> (Hub, Ide, Vec<String>) {
    let hub = Hub::new().with("one", &["--leaves-child"]).approved("one");
    let mut ide = hub.home.serve(Era::Legacy);
    ide.call("one__echo", json!({}));
    let processes = hub.lines("one", "starts");
    assert_eq!(processes.len(), 2);
    assert!(processes.iter().all(|process| runs(process)));
    (hub, ide, processes)
}

fn all_end(processes: &[String]) {
    wait_until("every process ends", || {
        !processes.iter().any(|process| runs(process))
    });
}

#[test]
fn nothing_stays_when_the_ide_closes_its_end() {
    let (_hub, ide, processes) = started();
    assert!(ide.close().status.success());
    all_end(&processes);
}

#[test]
fn nothing_stays_after_a_signal() {
    let (_hub, ide, processes) = started();
    assert!(
        ide.stop(Signal::TERM)
            .stdout
            .iter()
            .all(|line| line.starts_with("{"))
    );
    all_end(&processes);
}

#[test]
fn nothing_stays_after_a_kill() {
    let (_hub, ide, processes) = started();
    ide.kill();
    all_end(&processes);
}
