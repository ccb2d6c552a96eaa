//! A configured collector and a build without telemetry.

#![cfg(not(feature = "otel"))]

use std::io::Write as _;

use super::home_with_calls;

#[test]
fn a_collector_named_in_vain_is_one_warning_behind_the_answer() {
    let home = home_with_calls();
    let mut file = std::fs::File::options()
        .append(true)
        .open(home.connections())
        .unwrap();
    writeln!(file, "\n[telemetry]\nendpoint = \"http://127.0.0.1:9\"").unwrap();
    drop(file);
    let output = home.run(["chat", "shut", "hello"]).with_code(5);
    let warnings = output
        .stderr
        .matches("warning[telemetry.not-built]")
        .count();
    assert_eq!(warnings, 1, "{output}");
    assert!(output.stderr.contains("--features otel"), "{output}");
    // Without a call there is nothing to warn about.
    assert_eq!(home.run(["usage", "--csv"]).with_code(0).stderr, "");
}
