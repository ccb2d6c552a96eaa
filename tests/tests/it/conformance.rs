//! The official MCP conformance suite against the product's server and client code: all server
//! requirements of a revision, over stdio through the bridge and again through the hub, and the
//! client requirements, including logins.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;
use synapse_testkit::mcp_bridge::McpBridge;
use synapse_testkit::raw::{RawServer, Reply};
use synapse_tests::home::set_mode;
use synapse_tests::process::Run;
use synapse_tests::third_party::{CONFORMANCE, NODE, installed};
use synapse_tests::{Home, LocalProvider as _, Output, report};

use crate::TWIN;

const FIXTURE: &str = env!("CARGO_BIN_EXE_fixture-server");
const CLIENT: &str = env!("CARGO_BIN_EXE_conformance-client");

#[test]
fn every_required_scenario_of_2025_11_25_passes() {
    check("2025-11-25", 30, &alone());
}

#[test]
fn every_required_scenario_of_2026_07_28_passes() {
    check("2026-07-28", 37, &alone());
}

#[test]
fn every_required_scenario_of_2025_11_25_passes_through_the_hub() {
    check("2025-11-25", 30, &behind_the_hub("2025-11-25"));
}

#[test]
fn every_required_scenario_of_2026_07_28_passes_through_the_hub() {
    check("2026-07-28", 37, &behind_the_hub("2026-07-28"));
}

/// The suite's server without the hub.
fn alone() -> McpBridge {
    McpBridge::start(|| Run::new(Path::new(FIXTURE), [""; 0]).behind_bridge())
}

/// The suite's server as the only upstream of the product, which speaks `revision` to it and
/// forwards everything.
fn behind_the_hub(revision: &str) -> McpBridge {
    let home = Home::new(TWIN);
    let entry = json!({
        "command": FIXTURE,
        "protocol": revision,
        "relay": ["elicitation", "elicitation-url", "sampling", "roots"],
        "samplingConnection": "counting",
    });
    let provider = RawServer::always(Reply::json(500, "{}"));
    let flags = provider.flags(&home);
    home.create("counting", &flags, &["--offline"]).with_code(0);
    std::fs::create_dir_all(home.synapse()).unwrap();
    set_mode(&home.synapse(), 0o700);
    let file = home.synapse().join("mcp-servers.json");
    crate::write(&file, &json!({"suite": entry}).to_string());
    set_mode(&file, 0o600);
    home.run(["hub", "approve", "suite", "--yes"]).with_code(0);
    McpBridge::start(move || home.twin(["serve", "--upstream", "suite"]).behind_bridge())
}

#[test]
fn every_client_scenario_of_2025_11_25_without_a_login_passes() {
    check_client("2025-11-25", Access::Open, 4);
}

#[test]
fn every_client_scenario_of_2026_07_28_without_a_login_passes() {
    check_client("2026-07-28", Access::Open, 7);
}

#[test]
fn every_client_scenario_of_2025_11_25_with_a_login_passes() {
    check_client("2025-11-25", Access::Login, 14);
}

#[test]
fn every_client_scenario_of_2026_07_28_with_a_login_passes() {
    check_client("2026-07-28", Access::Login, 25);
}

/// The authentication that a scenario's servers require.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Open,
    Login,
}

/// Runs the client scenarios of the revision one by one; warnings fail too.
fn check_client(revision: &str, access: Access, required: usize) {
    let listed = suite(["list", "--requirements", revision]).with_code(0);
    let mut scenarios = required_below("Client scenarios", &listed.stdout);
    scenarios.retain(|scenario| scenario.starts_with("auth/") == (access == Access::Login));
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
    let kind = match access {
        Access::Open => "without",
        Access::Login => "with",
    };
    report(&format!(
        "conformance {revision}: {required} of {required} required client scenarios {kind} a login passed"
    ));
}

/// Runs the server scenarios of the revision. The suite's exit status only covers required
/// scenarios; the report is counted again, so that a truncated run does not pass. Exactly the
/// scenarios `refused` may fail.
fn check(revision: &str, required: usize, bridge: &McpBridge) {
    let listed = suite(["list", "--requirements", revision]).with_code(0);
    let expected = required_below("Server scenarios", &listed.stdout);
    assert_eq!(expected.len(), required, "{listed}");
    let url = bridge.url();
    let ran = suite(["server", "--url", &url, "--requirements", revision]);
    let passed = passed(&ran.stdout);
    let missing: Vec<&str> = expected.difference(&passed).map(String::as_str).collect();
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
