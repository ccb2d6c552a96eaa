//! `synapse usage` in all its forms.

use insta::assert_snapshot;
use serde_json::Value;
use synapse_tests::{Home, Output, Terminal};

use super::{TWIN, home_with_calls, masked};

/// The table without its two latency columns, which vary.
fn table(output: &Output) -> String {
    let text = output.stdout.replace(" P50 MS  P95 MS", " P50 P95");
    let lines = text.lines().map(|line| {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        words.truncate(words.len() - 2);
        words.join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_question_of_the_help_has_an_answer() {
    let home = home_with_calls();
    let help = home.run(["usage", "--help"]).with_code(0).stdout;
    let question = "What did I spend on which model this month, and how much of it is unknown?";
    let (_, answer) = help.split_once(question).unwrap();
    let command = answer.lines().map(str::trim).find(|line| !line.is_empty());
    let mut words = command.unwrap().split(' ');
    assert_eq!(words.next(), Some("synapse"));
    let output = home.run(words).with_code(0);
    assert_snapshot!(table(&output), @"
    MODEL CALLS OK FAILED REFUSED SUCCESS TOKENS IN TOKENS OUT COST UNKNOWN
    deepseek/deepseek-v4-pro 1 1 0 0 100.0% 9 3 $0.00002535 0
    gpt-5.6-terra 4 3 0 1 100.0% 42 12 unknown 3
    total 5 4 0 1 100.0% 51 15 ≥ $0.00002535 3
    ");
    assert_snapshot!(output.stderr, @"unknown, and left out of the sums: the cost of 3 calls");
}

#[test]
fn every_key_sums_to_the_same_total() {
    let home = home_with_calls();
    let mut totals: Vec<Value> = Vec::new();
    for by in [
        "connection",
        "model",
        "provider",
        "client",
        "hour",
        "day",
        "week",
        "month",
    ] {
        let document = home
            .run(["usage", "--by", by, "--json"])
            .with_code(0)
            .json();
        assert_eq!(document["by"], by);
        let lines = document["lines"].as_array().unwrap();
        let calls: u64 = lines
            .iter()
            .map(|line| line["calls"].as_u64().unwrap())
            .sum();
        assert_eq!(calls, 5, "{document}");
        let costs = lines
            .iter()
            .filter_map(|line| line["cost_nano_usd"].as_u64());
        assert_eq!(
            Some(costs.sum()),
            document["total"]["cost_nano_usd"].as_u64()
        );
        totals.push(document["total"].clone());
    }
    for total in &totals {
        assert_eq!(*total, totals[0]);
        assert_eq!(total["ok"], 4);
        assert_eq!(total["refused"], 1);
        assert_eq!(total["success_rate"], 1.0);
        assert_eq!(total["unknown_cost"], 3);
        assert!(total["p50_latency_ms"].as_u64() <= total["p95_latency_ms"].as_u64());
    }
    let clients = home.run(["usage", "--by", "client"]).with_code(0);
    assert_snapshot!(table(&clients), @"
    CLIENT CALLS OK FAILED REFUSED SUCCESS TOKENS IN TOKENS OUT COST UNKNOWN
    scripted-ide 1 1 0 0 100.0% 14 4 unknown 1
    terminal 4 3 0 1 100.0% 37 11 ≥ $0.00002535 2
    total 5 4 0 1 100.0% 51 15 ≥ $0.00002535 3
    ");
}

#[test]
fn a_span_has_two_ends() {
    let home = home_with_calls();
    let calls = |arguments: &[&str]| {
        let arguments = [&["usage", "--json"], arguments].concat();
        let document = home.run(arguments).with_code(0).json();
        document["total"]["calls"].clone()
    };
    assert_eq!(calls(&["--since", "1h"]), 5);
    assert_eq!(calls(&["--since", "30d", "--until", "now"]), 5);
    assert_eq!(calls(&["--until", "2000-01"]), 0);
    assert_eq!(calls(&["--since", "9000-01-01"]), 0);
    let none = home.run(["usage", "--until", "2000-01"]).with_code(0);
    assert_eq!(
        (none.stdout.as_str(), none.stderr.as_str()),
        ("", "no such calls\n")
    );
}

#[test]
fn sums_of_one_connection_are_those_of_its_line() {
    let home = home_with_calls();
    let usage = |arguments: &[&str]| {
        let arguments = [&["usage", "--json"], arguments].concat();
        home.run(arguments).with_code(0).json()
    };
    let all = usage(&[]);
    let lines = all["lines"].as_array().unwrap();
    assert!(lines.len() > 1, "{all}");
    for line in lines {
        let name = line["key"].as_str().unwrap();
        let own = usage(&["--connection", name, "--by", "day"]);
        for sum in [
            "calls",
            "ok",
            "refused",
            "prompt_tokens",
            "cost_nano_usd",
            "unknown_cost",
        ] {
            assert_eq!(own["total"][sum], line[sum], "{name} {sum}: {own}");
        }
    }
    assert_eq!(usage(&["--connection", "nope"])["total"]["calls"], 0);
}

#[test]
fn csv_has_the_keys_of_the_document_and_no_total() {
    let home = home_with_calls();
    let output = home
        .run(["usage", "--by", "connection", "--csv"])
        .with_code(0);
    assert_eq!(output.stderr, "");
    let lines: Vec<&str> = output.stdout.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "key,calls,ok,failed,refused,success_rate,prompt_tokens,completion_tokens,unknown_tokens,\
         cost_nano_usd,unknown_cost,p50_latency_ms,p95_latency_ms,cached_tokens,reasoning_tokens"
    );
    let begins = [
        "hf,1,1,0,0,1.0000,",
        "shut,1,0,0,1,,0,0,0,0,0,,",
        "work,3,3,0,0,1.0000,",
        "",
    ];
    assert_eq!(lines.len(), 1 + begins.len());
    for (line, begin) in lines[1..].iter().zip(begins) {
        assert!(line.starts_with(begin), "{line}");
    }
    home.run(["usage", "--csv", "--json"]).with_code(2);
}

#[test]
fn a_terminal_gets_a_chart_and_a_pipe_none() {
    let home = home_with_calls();
    let seen = Terminal::start(home.twin(["usage"])).finish().with_code(0);
    assert!(seen.stdout.contains("OF COST"), "{seen}");
    assert!(seen.stdout.contains("██████████ 100%"), "{seen}");
    assert!(seen.stdout.contains("0%"), "{seen}");
    let plain = home.run(["usage"]).with_code(0);
    assert!(!plain.stdout.contains(['█', '\u{1b}']), "{plain}");
    assert!(!plain.stdout.contains("OF COST"), "{plain}");
    let quiet = Terminal::start(home.twin(["usage"]).env("NO_COLOR", "1")).finish();
    assert!(!quiet.stdout.contains('\u{1b}'), "{quiet}");
    assert!(quiet.stdout.contains("██████████ 100%"), "{quiet}");
}

#[test]
fn nothing_yet_is_said_and_is_no_failure() {
    let home = Home::new(TWIN);
    let output = home.run(["usage"]).with_code(0);
    assert_eq!(masked(&output.stderr), "no calls yet");
    let document = home.run(["usage", "--json"]).with_code(0).json();
    assert_eq!(document["lines"], serde_json::json!([]));
    assert_eq!(document["total"]["success_rate"], Value::Null);
    assert_eq!(document["total"]["p50_latency_ms"], Value::Null);
    let csv = home.run(["usage", "--csv"]).with_code(0);
    assert_eq!(csv.stdout.lines().count(), 1);
}
