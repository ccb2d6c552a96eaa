//! An unwritable ledger: the call warns and is spooled, or is refused where rows are required.

use std::fs;

use serde_json::json;
use synapse_tests::Era;

use super::{home, overwrite, prompt, provider};

#[test]
fn an_answer_without_a_row_says_so_in_the_text_that_clients_show() {
    let provider = provider();
    let home = home(&provider, &[]);
    overwrite(&home.ledger(), "no database");
    let mut ide = home.serve(Era::Legacy);
    let id = prompt(&mut ide);
    let reply = ide.reply(id);
    let result = &reply["result"];
    assert_eq!(result["isError"], serde_json::Value::Null, "{result}");
    assert_eq!(result["content"][0]["text"], "Here");
    let text = result["content"][2]["text"].as_str().unwrap();
    assert!(text.starts_with("warning[storage.corrupt]"), "{text}");
    assert!(text.contains("ledger.spool"), "{text}");
    assert!(ide.close().status.success());
    // Doctor and the sums include the call.
    let doctor = home.run(["doctor", "--json"]).with_code(13).json();
    assert_eq!(doctor["error"]["code"], "storage.corrupt");
    fs::remove_file(home.ledger()).unwrap();
    let usage = home.run(["usage", "--json"]).with_code(0);
    assert!(usage.stderr.contains("storage.rows-waiting"), "{usage}");
    assert_eq!(
        usage.json()["waiting"],
        json!({"calls": 1, "unreadable": 0})
    );
    home.run(["chat", "work", "hello"]).with_code(0);
    let rows = home.history();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row["outcome"] == "ok"));
    home.run(["history", "verify"]).with_code(0);
}

#[test]
fn a_required_ledger_that_cannot_be_written_refuses_and_sends_nothing() {
    let provider = provider();
    let home = home(&provider, &[]);
    let connections = fs::read_to_string(home.connections()).unwrap();
    overwrite(
        &home.connections(),
        format!("{connections}\n[ledger]\nrequired = true\n"),
    );
    home.run(["chat", "work", "hello"]).with_code(0);
    overwrite(&home.ledger(), "no database");
    let refused = home.run(["chat", "work", "hello", "--json"]).with_code(13);
    let document = refused.json();
    assert_eq!(document["error"]["code"], "storage.corrupt");
    assert_eq!(document["receipt"]["attempts"], 0);
    assert!(
        document["error"]["causes"]
            .to_string()
            .contains("required = true")
    );
    assert_eq!(
        refused.stderr.matches("storage.corrupt").count(),
        1,
        "{refused}"
    );
    assert_eq!(provider.requests().len(), 1);
}

/// Simulates two calls under a clock ten years ahead by moving their rows.
#[test]
fn dates_that_the_order_contradicts_are_told() {
    let provider = provider();
    let home = home(&provider, &[]);
    for _ in 0..2 {
        home.run(["chat", "work", "hello"]).with_code(0);
    }
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    database
        .execute("UPDATE days SET day = day + 3653", [])
        .unwrap();
    drop(database);
    home.run(["chat", "work", "hello"]).with_code(0);
    for arguments in [&["history"][..], &["doctor"], &["history", "verify"]] {
        let output = home.run(arguments).with_code(0);
        assert!(
            output
                .stderr
                .contains("warning[storage.clock-contradicted]"),
            "{output}"
        );
    }
}

/// The clock is far ahead of every call: an age computed from it deletes nothing.
#[test]
fn a_purge_by_a_clock_that_is_far_ahead_is_refused() {
    let provider = provider();
    let home = home(&provider, &[]);
    home.run(["chat", "work", "hello"]).with_code(0);
    let database = rusqlite::Connection::open(home.ledger()).unwrap();
    database
        .execute("UPDATE days SET day = day - 3653", [])
        .unwrap();
    drop(database);
    let purge = |before: &str| home.run(["history", "purge", "--before", before, "--yes"]);
    let refused = purge("1h").with_code(13);
    assert!(
        refused.stderr.contains("storage.clock-contradicted"),
        "{refused}"
    );
    purge("2020-01-01").with_code(0);
    assert_eq!(home.history().len(), 1);
}
