//! Compares the CPU time of an answer with millions of values with that of a text of the same size;
//! CPU time is independent of other load.

use std::fs;
use std::time::Duration;

use serde_json::json;
use synapse_testkit::raw::{RawServer, Reply};
use synapse_tests::{Era, Flags, Home, LocalProvider as _};

use super::{Effort, Ratio, TWIN, milliseconds};

/// The most expensive hostile answer relative to the text.
pub(crate) fn large(effort: &Effort) -> Ratio {
    let size = if effort.judges { SIZE } else { SIZE / 70 };
    let text = cost(text(size), effort.answers);
    let hostile = hostile(size).into_iter();
    let costs = hostile.map(|(name, body)| (name, cost(body, effort.answers)));
    let (name, most) = costs.max_by_key(|(_, cost)| *cost).unwrap();
    synapse_tests::report(&format!("the costliest large answer: {name}"));
    Ratio {
        name: "an answer of 7 MB in millions of values, next to a text",
        product: milliseconds(most),
        floor: milliseconds(text),
        unit: "ms",
        most: 3.0,
    }
}

/// The minimum CPU time of a call with the answer `body`.
fn cost(body: String, rounds: usize) -> Duration {
    let server = RawServer::always(Reply::json(200, body));
    let home = Home::new(TWIN);
    let flags = Flags {
        provider: "openai-compatible".to_owned(),
        ..server.flags(&home)
    };
    home.create("work", &flags, server.opening()).with_code(0);
    let mut ide = home.serve(Era::Modern);
    let mut once = || {
        let before = worked(ide.process_id());
        // The result is irrelevant here.
        drop(ide.call("chat", json!({"prompt": "hello"})));
        worked(ide.process_id()) - before
    };
    // The kernel counts in ticks; a ratio needs several.
    (0..rounds).map(|_| once()).min().unwrap().max(TICK * 3)
}

/// CPU time of a process, over all threads.
pub(super) fn worked(process: u32) -> Duration {
    let line = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The command name, in parentheses, may contain anything.
    let fields = line.rsplit_once(')').unwrap().1.split_whitespace();
    let ticks = fields
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u32>().unwrap());
    TICK * ticks.sum::<u32>()
}

fn text(size: usize) -> String {
    let before = r#"{"choices":[{"message":{"content":""#;
    filled(size, before, "word ", r#""},"finish_reason":"stop"}]}"#)
}

fn hostile(size: usize) -> Vec<(&'static str, String)> {
    let message = r#"{"choices":[{"message":{"content":"Here"},"finish_reason":"stop""#;
    let part = r#"{"choices":[{"message":{"content":["#;
    let call = r#"{"choices":[{"message":{"tool_calls":["#;
    let arguments = format!(r#"{call}{{"function":{{"name":"a","arguments":["#);
    [
        ("numbers", "[", "1,", "]"),
        ("choices", r#"{"choices":["#, "{},", "]}"),
        (
            "choices with messages",
            r#"{"choices":["#,
            r#"{"message":{"content":"a"}},"#,
            "]}",
        ),
        ("models", r#"{"data":["#, r#"{"id":"a"},"#, "]}"),
        ("errors", r#"{"error":["#, r#"{"message":"a"},"#, "]}"),
        (
            "members",
            &format!(r#"{message}}}],"x":{{"#),
            r#""a":1,"#,
            "}}",
        ),
        ("depth", "", r#"{"a":["#, ""),
        ("no JSON", &format!(r#"{message},"x":["#), "NaN,", "]}]}"),
        ("parts", part, r#"{"text":"a"},"#, "]}}]}"),
        ("calls", call, r#"{"function":{"name":"a"}},"#, "]}}]}"),
        ("arguments", &arguments, "{},", "]}}]}}]}"),
    ]
    .map(|(name, before, part, after)| (name, filled(size, before, part, after)))
    .into()
}

/// `part`, repeated, between a prefix and a suffix.
fn filled(size: usize, before: &str, part: &str, after: &str) -> String {
    let inside = part.repeat(size / part.len());
    format!("{before}{}{after}", inside.trim_end_matches(','))
}

const SIZE: usize = 7_000_000;
/// The kernel's accounting unit.
pub(super) const TICK: Duration = Duration::from_millis(10);
