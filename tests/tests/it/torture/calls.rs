//! Calls in `serve`, from the handshake to the end of the process: one that waits for its row, and
//! others whose rows follow their answers.

use serde_json::{Value, json};
use synapse_testkit::raw::RawServer;
use synapse_tests::provider::here;
use synapse_tests::{Home, LocalProvider as _, report};

use super::{Fault, numbers, torture};
use crate::TWIN;

const PROMPTS: usize = 3;

#[test]
fn an_answer_outlives_any_operation_that_fails() {
    tortured(Fault::Broken);
}

#[test]
fn an_answer_outlives_a_disk_that_is_full_at_any_operation() {
    tortured(Fault::Full);
}

#[test]
fn an_answer_outlives_a_kill_before_any_operation() {
    tortured(Fault::KilledBefore);
}

#[test]
fn an_answer_outlives_a_kill_behind_any_operation() {
    tortured(Fault::KilledBehind);
}

/// In a new home, whose ledger is created, and in one with calls, with the fault at every place.
fn tortured(fault: Fault) {
    let provider = RawServer::always(here());
    let (first, more) = (connected(&provider), connected(&provider));
    more.run(["chat", "work", "hello"]).with_code(0);
    let (mut answered, mut places) = (0, 0);
    for (home, is_first) in [(first, true), (more, false)] {
        let measured = connected(&provider);
        if !is_first {
            measured.run(["chat", "work", "hello"]).with_code(0);
        }
        let undisturbed = torture(&measured, &["serve"], &script(), fault, 0);
        assert_eq!(acknowledged(&undisturbed.output.stdout).len(), PROMPTS);
        let (mut all, mut departures) = (Vec::new(), 0);
        for number in numbers(undisturbed.operations.len(), fault) {
            let home = if is_first {
                &connected(&provider)
            } else {
                &home
            };
            let sent_before = provider.requests().len();
            let ended = torture(home, &["serve"], &script(), fault, number);
            let sent = provider.requests().len() - sent_before;
            assert!(sent <= PROMPTS, "{sent} requests: {}", ended.place(fault));
            let new = acknowledged(&ended.output.stdout);
            assert!(new.len() <= sent, "{}", ended.place(fault));
            if is_first {
                (all, departures) = (Vec::new(), 0);
            }
            all.extend(new.clone());
            // These calls, and the next one.
            departures += sent + 1;
            answered += new.len();
            places += 1;
            // The next start writes spooled rows, completes open ones, and is sound.
            let next = home.run(["chat", "work", "hello"]);
            assert_eq!(next.code, 0, "{next}\n{}", ended.place(fault));
            let warns = next.stderr.contains("warning[");
            assert!(!warns, "{next}\n{}", ended.place(fault));
            let verified = home.run(["history", "verify"]);
            assert_eq!(verified.code, 0, "{verified}\n{}", ended.place(fault));
            let rows = home.history_of([]);
            for call_id in &all {
                let ids = rows.iter().filter(|row| row["call_id"] == **call_id);
                let outcomes: Vec<&Value> = ids.map(|row| &row["outcome"]).collect();
                assert_eq!(outcomes, ["ok"], "{call_id}: {}", ended.place(fault));
            }
            let open = rows.iter().filter(|row| row["outcome"].is_null()).count();
            assert_eq!(open, 0, "{}", ended.place(fault));
            // Every sent call has a row that says so.
            let departed = rows.iter().filter(|row| row["attempts"] == 1).count();
            assert!(departed >= departures, "{}", ended.place(fault));
        }
    }
    report(&format!(
        "{fault:?} at {places} operations of a call, {answered} of them answered"
    ));
    assert!(answered > 0, "no call got through");
}

fn connected(provider: &RawServer) -> Home {
    let home = Home::new(TWIN);
    home.save("work", provider, provider.opening());
    home
}

/// The IDE's input: the handshake and prompts, one after the other.
fn script() -> Vec<(String, &'static str)> {
    let handshake = [
        json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": {"name": "ide", "version": "1"},
        }}),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
    ];
    let handshake: String = handshake.iter().map(|line| format!("{line}\n")).collect();
    let prompt = |id: usize| {
        json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {
            "name": "chat", "arguments": {"prompt": "hello"},
        }})
    };
    let answers = ["\"id\":2", "\"id\":3", "\"id\":4"];
    let mut turns = vec![(handshake, "\"id\":1")];
    let prompts = (2..).zip(answers);
    turns.extend(prompts.map(|(id, answer)| (format!("{}\n", prompt(id)), answer)));
    assert_eq!(turns.len(), 1 + PROMPTS);
    turns
}

/// The correctly answered calls.
fn acknowledged(stdout: &str) -> Vec<String> {
    let messages = stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages
        .filter(|message| message["result"]["isError"] != true)
        .filter_map(|message| {
            let receipt = &message["result"]["structuredContent"]["receipt"];
            receipt["call_id"].as_str().map(str::to_owned)
        })
        .collect()
}
