//! Calls that are cancelled or interrupted, and sessions without calls: how the server exits, and
//! which row remains.

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use serde_json::{Value, json};
use synapse_tests::process::Signal;
use synapse_tests::{Era, Home, Ide, LocalProvider as _};

use super::{TWIN, hanging};

/// More than the grace periods of a call (200 ms) and of the last replies, on a busy machine.
const PROMPTLY: Duration = Duration::from_secs(5);

fn ask(ide: &mut Ide, prompt: &str) -> u64 {
    ide.begin("chat", json!({"prompt": prompt}))
}

/// Checks the single row, which was sent and never answered.
#[track_caller]
fn assert_given_up(rows: &[Value], outcome: &str) {
    assert_eq!(rows.len(), 1, "{rows:?}");
    let row = &rows[0];
    assert_eq!(row["outcome"], outcome, "{row}");
    assert_eq!(row["error_code"], json!(null));
    assert_eq!(row["http_status"], json!(null));
    assert_eq!(row["maybe_billed"], true, "the request was sent: {row}");
}

#[test]
fn closing_stdin_in_the_middle_of_a_call_ends_the_server_and_closes_the_row() {
    for era in [Era::Legacy, Era::Modern] {
        let provider = hanging();
        let home = Home::connected(TWIN, &provider);
        let mut ide = home.serve(era);
        ask(&mut ide, "hang");
        provider.wait_for_requests(1);
        let ended = ide.close();
        assert!(ended.status.success(), "{ended:?}");
        assert!(ended.took < PROMPTLY, "{ended:?}");
        assert_eq!(ended.stderr, "");
        let rows = home.history();
        assert_given_up(&rows, "cancelled");
        assert_eq!(rows[0]["attempts"], 1);
        assert_eq!(provider.accepts(), 1, "and nothing was sent again");
    }
}

#[test]
fn a_call_that_is_nearly_done_when_stdin_closes_is_answered() {
    let provider = hanging();
    let home = Home::connected(TWIN, &provider);
    let mut ide = home.serve(Era::Legacy);
    let id = ask(&mut ide, "answer");
    provider.wait_for_requests(1);
    // Like a script that pipes its requests in.
    let ended = ide.close();
    let replies: Vec<Value> = ended
        .stdout
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let reply = replies.iter().find(|reply| reply["id"] == id);
    let text = &reply.unwrap()["result"]["content"][0]["text"];
    assert_eq!(text, "Here");
    assert_eq!(home.history()[0]["outcome"], "ok");
}

#[test]
fn a_cancelled_call_gets_no_reply_and_the_server_lives_on() {
    for era in [Era::Legacy, Era::Modern] {
        let provider = hanging();
        let home = Home::connected(TWIN, &provider);
        let mut ide = home.serve(era);
        let cancelled = ask(&mut ide, "hang");
        provider.wait_for_requests(1);
        ide.notify(
            "notifications/cancelled",
            json!({"requestId": cancelled, "reason": "x"}),
        );
        // The exchange is aborted, not abandoned.
        provider.wait_for_closed(1);
        let result = ide.call("chat", json!({"prompt": "answer"}));
        assert_eq!(result["content"][0]["text"], "Here");
        let ended = ide.close();
        assert!(ended.status.success(), "{ended:?}");
        let id = format!("\"id\":{cancelled}");
        let replies = ended
            .stdout
            .iter()
            .filter(|line| line.contains(&id))
            .count();
        assert_eq!(replies, 0, "{ended:?}");

        let rows = home.history();
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert_eq!(rows[0]["outcome"], "ok");
        assert_given_up(&rows[1..], "cancelled");
        assert_eq!(provider.accepts(), 2);
    }
}

#[test]
fn a_killed_server_leaves_a_row_that_says_so() {
    let provider = hanging();
    let home = Home::connected(TWIN, &provider);
    let mut ide = home.serve(Era::Legacy);
    ask(&mut ide, "hang");
    provider.wait_for_requests(1);
    // The row is open while the process lives.
    assert_eq!(home.history()[0]["outcome"], "open");
    ide.kill();
    assert_given_up(&home.history(), "interrupted");
    // The outcome is final.
    assert_given_up(&home.history(), "interrupted");
    let usage = home.run(["usage", "--json"]).with_code(0).json();
    assert_eq!(usage["total"]["calls"], 1, "{usage}");
    assert_eq!(usage["total"]["unknown_cost"], 1, "{usage}");
}

#[test]
fn a_killed_terminal_call_is_seen_by_a_server_that_runs() {
    let provider = hanging();
    let home = Home::connected(TWIN, &provider);
    let mut ide = home.serve(Era::Modern);
    ide.call("chat", json!({"prompt": "answer"}));
    let terminal = home.twin(["chat", "work", "hang"]).start();
    provider.wait_for_requests(2);
    drop(terminal);
    ide.call("chat", json!({"prompt": "answer"}));
    let outcomes: Vec<_> = home
        .history()
        .iter()
        .map(|row| row["outcome"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(outcomes, ["ok", "interrupted", "ok"]);
}

/// Ctrl-C, and the signal of a system shutdown.
#[test]
fn a_terminal_call_that_is_interrupted_closes_its_row() {
    for signal in [Signal::INT, Signal::TERM] {
        let provider = hanging();
        let home = Home::connected(TWIN, &provider);
        let terminal = home.twin(["chat", "work", "hang"]).start();
        provider.wait_for_requests(1);
        terminal.signal(signal);
        let output = terminal.finish().with_code(130);
        assert_eq!(output.stdout, "", "{output}");
        assert_given_up(&home.history(), "cancelled");
    }
}

#[test]
fn a_server_that_is_told_to_stop_closes_its_row() {
    for signal in [Signal::INT, Signal::TERM] {
        let provider = hanging();
        let home = Home::connected(TWIN, &provider);
        let mut ide = home.serve(Era::Legacy);
        ask(&mut ide, "hang");
        provider.wait_for_requests(1);
        let ended = ide.stop(signal);
        assert!(ended.status.success(), "{ended:?}");
        assert!(ended.took < PROMPTLY, "{ended:?}");
        assert_given_up(&home.history(), "cancelled");
    }
}

/// Repeated, because signal delivery is racy.
#[test]
fn a_terminal_that_waits_for_its_prompt_can_be_interrupted() {
    let provider = hanging();
    let home = Home::connected(TWIN, &provider);
    for _ in 0..8 {
        let more_than_a_pipe_holds = vec![b'a'; 500_000];
        let chat = home
            .twin(["chat", "work", "-"])
            .input(more_than_a_pipe_holds);
        let (terminal, stdin) = chat.start_and_hold();
        terminal.signal(Signal::INT);
        assert_eq!(terminal.end().signal(), Some(2));
        drop(stdin);
    }
    assert_eq!(home.history(), [] as [Value; 0]);
    assert_eq!(provider.accepts(), 0);
}

/// Clients of the 2026 revision start a server just to probe it, and start it again.
#[test]
fn a_server_that_was_asked_nothing_leaves_nothing() {
    let provider = hanging();
    let home = Home::new(TWIN);
    assert_eq!(home.history(), [] as [Value; 0]);
    home.run(["usage"]).with_code(0);
    home.run(["connection", "list"]).with_code(0);
    assert!(!home.synapse().exists(), "reading made a directory");
    for era in [Era::Modern, Era::Legacy] {
        let mut ide = home.serve(era);
        ide.result("tools/list", json!({}));
        ide.call("list_connections", json!({}));
        let ended = ide.close();
        assert!(ended.status.success(), "{ended:?}");
        assert_eq!(ended.stderr, "");
        assert!(
            !home.synapse().exists(),
            "a session without a call left something"
        );
    }
    home.save("work", &provider, provider.opening());
    let saved = home.files();
    for era in [Era::Legacy, Era::Modern] {
        let mut ide = home.serve(era);
        ide.call("list_connections", json!({}));
        assert!(ide.close().status.success());
    }
    assert_eq!(home.files(), saved);
    assert!(!home.ledger().exists());
    assert_eq!(provider.accepts(), 0);
    assert_eq!(home.history(), [] as [Value; 0]);
    assert!(!home.ledger().exists(), "reading made a ledger");
}
