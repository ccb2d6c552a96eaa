//! The official conformance suite of MCP, which we did not write, against the server code and the
//! client code of the product: what a revision requires of a server, all of it, over stdio behind the
//! bridge, and what it requires of a client that does not log in.

#![cfg(test)]

use std::collections::BTreeSet;
use std::path::Path;

use synapse_testkit::mcp_bridge::McpBridge;
use synapse_tests::process::Run;
use synapse_tests::third_party::{CONFORMANCE, NODE, installed};
use synapse_tests::{Output, report};

const FIXTURE: &str = env!("CARGO_BIN_EXE_fixture-server");
const CLIENT: &str = env!("CARGO_BIN_EXE_conformance-client");

#[test]
fn every_required_scenario_of_2025_11_25_passes() {
    check("2025-11-25", 30);
}

#[test]
fn every_required_scenario_of_2026_07_28_passes() {
    check("2026-07-28", 37);
}

#[test]
fn every_client_scenario_of_2025_11_25_without_a_login_passes() {
    check_client("2025-11-25", 4);
}

#[test]
fn every_client_scenario_of_2026_07_28_without_a_login_passes() {
    check_client("2026-07-28", 7);
}

/// Runs what the revision requires of clients, one by one; a warning fails a scenario, too.
fn check_client(revision: &str, required: usize) {
    let listed = suite(["list", "--requirements", revision]).with_code(0);
    let mut scenarios = required_below("Client scenarios", &listed.stdout);
    scenarios.retain(|scenario| !scenario.starts_with("auth/"));
    assert_eq!(scenarios.len(), required, "{listed}");
    for scenario in &scenarios {
        let ran = suite([
            "client",
            "--command",
            CLIENT,
            "--scenario",
            scenario,
            "--spec-version",
            revision,
        ]);
        ran.with_code(0);
    }
    report(&format!(
        "conformance {revision}: {required} of {required} required client scenarios without a login passed"
    ));
}

/// Runs what the revision requires of servers. The suite's exit status counts required scenarios
/// only; its report is counted again, so that a suite that ran less is not taken for a pass.
fn check(revision: &str, required: usize) {
    let listed = suite(["list", "--requirements", revision]).with_code(0);
    let expected = required_below("Server scenarios", &listed.stdout);
    assert_eq!(expected.len(), required, "{listed}");
    let bridge = McpBridge::start(|| Run::new(Path::new(FIXTURE), [""; 0]).behind_bridge());
    let url = bridge.url();
    let ran = suite(["server", "--url", &url, "--requirements", revision]);
    let passed = passed(&ran.stdout);
    let missing: Vec<&String> = expected.difference(&passed).collect();
    report(&format!(
        "conformance {revision}: {} of {required} required server scenarios passed, by {} servers",
        required - missing.len(),
        bridge.servers(),
    ));
    assert!(missing.is_empty(), "did not pass: {missing:?}\n{ran}");
    ran.with_code(0);
}

fn suite<const N: usize>(arguments: [&str; N]) -> Output {
    let mut words = vec![installed(CONFORMANCE).into_os_string()];
    words.extend(arguments.map(Into::into));
    Run::new(&installed(NODE), words).output()
}

/// The names below a heading, up to the next one.
fn required_below(heading: &str, listed: &str) -> BTreeSet<String> {
    listed
        .lines()
        .skip_while(|line| !line.starts_with(heading))
        .skip(1)
        .map_while(|line| line.trim().strip_prefix("- "))
        .map(str::to_owned)
        .collect()
}

/// The names with a tick and without a failed check.
fn passed(report: &str) -> BTreeSet<String> {
    report
        .lines()
        .filter_map(|line| line.trim().strip_prefix("✓ "))
        .filter_map(|rest| rest.split_once(':'))
        .filter(|(_, counts)| counts.contains(" 0 failed"))
        .map(|(name, _)| name.to_owned())
        .collect()
}
