//! Refreshes on a failing disk: the login survives, although the authorization server accepts each
//! refresh token once.

use std::time::Duration;

use serde_json::json;
use synapse_core::time::Timestamp;
use synapse_tests::upstream::HttpUpstream;
use synapse_tests::{Home, report};

use super::{Fault, numbers, torture};
use crate::TWIN;

#[test]
fn a_login_outlives_a_disk_that_is_full_at_any_operation_of_a_refresh() {
    tortured(Fault::Full);
}

#[test]
fn a_login_outlives_any_operation_of_a_refresh_that_fails() {
    tortured(Fault::Broken);
}

const CALL: [&str; 5] = ["hub", "call", "work", "echo", "{}"];

fn tortured(fault: Fault) {
    let upstream = HttpUpstream::start(Duration::ZERO);
    let home = Home::new(TWIN);
    declare(&home, &upstream);
    home.run(["hub", "approve", "work", "--yes"]).with_code(0);
    let end = || upstream.log_in(&home, "work", Timestamp::from_millis(0));
    end();
    let undisturbed = torture(&home, &CALL, &[], fault, 0);
    assert_eq!(undisturbed.output.code, 0, "{}", undisturbed.output);
    assert_eq!(upstream.refreshes(), 1);
    let (mut full, mut places) = (0, 0);
    for number in numbers(undisturbed.operations.len(), fault) {
        end();
        let ended = torture(&home, &CALL, &[], fault, number);
        let lost = ended.output.stderr.contains("login-required");
        assert!(!lost, "{}", ended.place(fault));
        full += usize::from(ended.output.code != 0);
        places += 1;
        let next = home.run(CALL);
        assert_eq!(next.code, 0, "{next}\n{}", ended.place(fault));
    }
    report(&format!(
        "{fault:?} at {places} operations of a refresh, {full} of which failed the call"
    ));
}

fn declare(home: &Home, upstream: &HttpUpstream) {
    let path = home.synapse();
    std::fs::create_dir_all(&path).unwrap();
    synapse_tests::home::set_mode(&path, 0o700);
    let file = path.join("mcp-servers.json");
    let servers = json!({"work": {"url": upstream.url()}});
    crate::write(&file, &servers.to_string());
    synapse_tests::home::set_mode(&file, 0o600);
}
