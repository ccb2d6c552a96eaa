//! Readers that close early, like `head`.

use serde_json::json;
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_tests::Home;

use super::TWIN;

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let double = OpenAiDouble::start();
    let home = Home::connected(TWIN, &double);
    home.run(["chat", "work", "hello"]).with_code(0);
    for arguments in [
        &["explain"][..],
        &["explain", "--json"],
        &["explain", "gate.network-disabled"],
        &["reference", "errors"],
        &["reference", "cli"],
        &["completions", "bash"],
        &["completions", "zsh"],
        &["history"],
        &["history", "--json"],
        &["usage"],
        &["connection", "list"],
        &["connection", "show", "work"],
        &["ide", "snippet"],
        &["preflight", "work"],
        &["chat", "work", "hello"],
        &["chat", "work", "hello", "--json"],
        &["--help"],
        &["help", "connection"],
        &["--version"],
    ] {
        let output = home.twin(arguments).into_closed_pipe().output();
        assert!(
            !output.stderr.contains("panicked"),
            "{arguments:?}\n{output}"
        );
        assert_eq!(output.code, 0, "{arguments:?}\n{output}");
    }
}

/// The exit code of a failure does not depend on the reader.
#[test]
fn a_failure_keeps_its_exit_code_though_nobody_reads_it() {
    let home = Home::new(TWIN);
    for arguments in [
        &["chat", "nope", "hello"][..],
        &["chat", "nope", "hello", "--json"],
        &["preflight", "nope"],
    ] {
        let output = home.twin(arguments).into_closed_pipe().output();
        assert_eq!(output.code, 3, "{arguments:?}\n{output}");
        assert!(
            output.stderr.contains("error[config.not-found]"),
            "{output}"
        );
    }
}

#[test]
fn a_server_whose_client_does_not_listen_ends_in_order() {
    let home = Home::new(TWIN);
    let initialize = json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": {"name": "deaf", "version": "1"},
        },
    });
    let input = format!("{initialize}\n");
    let output = home
        .twin(["serve"])
        .input(input)
        .into_closed_pipe()
        .output();
    assert!(!output.stderr.contains("panicked"), "{output}");
    assert_eq!(output.code, 0, "{output}");
}
