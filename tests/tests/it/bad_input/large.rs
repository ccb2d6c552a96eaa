//! Answers of 7 MB with millions of values: none takes much more memory than its text, and the
//! server keeps answering other requests. The benchmark `speed` measures their CPU time.

#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use serde_json::json;
use synapse_testkit::raw::{RawServer, Reply};
use synapse_tests::process::peak_memory;
use synapse_tests::{Era, Flags, Home, LocalProvider as _};

use super::TWIN;

/// A connection `work` to a server with a fixed answer.
fn connected(provider: &str, status: u16, body: String) -> (Home, RawServer) {
    let server = RawServer::always(Reply::json(status, body));
    let home = Home::new(TWIN);
    let flags = Flags {
        provider: provider.to_owned(),
        ..server.flags(&home)
    };
    home.create("work", &flags, server.opening()).with_code(0);
    (home, server)
}

/// `part`, repeated, between a prefix and a suffix.
fn filled(size: usize, before: &str, part: &str, after: &str) -> String {
    let inside = part.repeat(size / part.len());
    format!("{before}{}{after}", inside.trim_end_matches(','))
}

fn hostile(size: usize) -> Vec<(&'static str, String)> {
    let filled = |before: &str, part: &str, after: &str| filled(size, before, part, after);
    let message = r#"{"choices":[{"message":{"content":"Here"},"finish_reason":"stop""#;
    vec![
        ("numbers", filled("[", "1,", "]")),
        ("choices", filled(r#"{"choices":["#, "{},", "]}")),
        (
            "choices with messages",
            filled(r#"{"choices":["#, r#"{"message":{"content":"a"}},"#, "]}"),
        ),
        ("models", filled(r#"{"data":["#, r#"{"id":"a"},"#, "]}")),
        (
            "errors",
            filled(r#"{"error":["#, r#"{"message":"a"},"#, "]}"),
        ),
        (
            "members",
            filled(&format!(r#"{message}}}],"x":{{"#), r#""a":1,"#, "}}"),
        ),
        ("depth", filled("", r#"{"a":["#, "")),
        (
            "no JSON",
            filled(&format!(r#"{message},"x":["#), "NaN,", "]}]}"),
        ),
        (
            "parts",
            filled(
                r#"{"choices":[{"message":{"content":["#,
                r#"{"text":"a"},"#,
                "]}}]}",
            ),
        ),
        (
            "calls",
            filled(
                r#"{"choices":[{"message":{"tool_calls":["#,
                r#"{"function":{"name":"a"}},"#,
                "]}}]}",
            ),
        ),
        (
            "arguments",
            filled(
                r#"{"choices":[{"message":{"tool_calls":[{"function":{"name":"a","arguments":["#,
                "{},",
                "]}}]}}]}",
            ),
        ),
    ]
}

#[test]
#[expect(clippy::print_stdout, reason = "what was measured is worth knowing")]
fn an_answer_of_millions_of_values_takes_the_memory_of_a_text() {
    let everything: Vec<&str> = hostile(0).iter().map(|(name, _)| *name).collect();
    for (provider, status, names) in [
        ("openai-compatible", 200, &everything[..]),
        ("openai-compatible", 400, &["numbers", "errors"]),
        ("anthropic", 200, &["numbers", "models"]),
    ] {
        for (name, body) in hostile(SIZE) {
            if !names.contains(&name) {
                continue;
            }
            let (home, server) = connected(provider, status, body);
            let mut ide = home.serve(Era::Modern);
            ide.call("chat", json!({"prompt": "hello", "max_tokens": 5}));
            ide.call("list_models", json!({}));
            let peak = peak_memory(ide.process_id()) / 1024;
            println!("{provider} {status} {name}: {peak} MiB");
            assert!(peak <= MOST, "{provider} {status} {name}: {peak} MiB");
            assert!(ide.close().status.success());
            assert_eq!(server.heads(), 2);
        }
    }
}

#[test]
fn ten_large_answers_at_once_keep_nobody_else_waiting() {
    let (_, body) = hostile(SIZE).swap_remove(2);
    let (home, server) = connected("openai-compatible", 200, body);
    let mut ide = home.serve(Era::Modern);
    let calls: Vec<u64> = (0..10)
        .map(|_| ide.begin("chat", json!({"prompt": "hello"})))
        .collect();
    server.wait_for_heads(10);
    let mut longest = Duration::ZERO;
    for _ in 0..50 {
        let began = Instant::now();
        ide.result("tools/list", json!({}));
        longest = longest.max(began.elapsed());
    }
    for call in calls {
        ide.result_of(call);
    }
    assert!(longest < PROMPTLY, "{longest:?}");
}

const SIZE: usize = 7_000_000;
/// In MiB, for a chat and a model list in one process.
const MOST: u64 = 120;
const PROMPTLY: Duration = Duration::from_secs(5);
