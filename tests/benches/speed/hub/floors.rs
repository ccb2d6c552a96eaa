//! The minimal programs that the hub is compared with.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

pub(crate) const BUILT_IN: &str = "built-in";
pub(crate) const PASS_THROUGH: &str = "pass-through";

/// Serves the list in the file `list`; creates an HTTP client at start, as the floor of a call does.
pub(crate) fn built_in(list: &str) {
    let _client = super::super::floor::trusting_the_system();
    let list = std::fs::read_to_string(list).unwrap();
    let mut output = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let id = &request["id"];
        match request["method"].as_str() {
            Some("initialize") => {
                let result = initialized();
                writeln!(output, r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#).unwrap();
            }
            Some("tools/list") => {
                writeln!(output, r#"{{"jsonrpc":"2.0","id":{id},"result":{list}}}"#).unwrap();
            }
            _ => continue,
        }
        output.flush().unwrap();
    }
}

/// Starts `program` and forwards one request after the other, parsing each message once.
pub(crate) fn pass_through(program: &str) {
    #[expect(
        clippy::disallowed_methods,
        reason = "what the hub is measured against"
    )]
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut to_child = child.stdin.take().unwrap();
    let mut from_child = BufReader::new(child.stdout.take().unwrap());
    let mut output = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line.unwrap()).unwrap();
        writeln!(to_child, "{request}").unwrap();
        if request.get("id").is_none() {
            continue;
        }
        let mut reply = String::new();
        from_child.read_line(&mut reply).unwrap();
        let reply: Value = serde_json::from_str(&reply).unwrap();
        writeln!(output, "{reply}").unwrap();
        output.flush().unwrap();
    }
    drop(to_child);
    child.wait().unwrap();
}

fn initialized() -> Value {
    json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "floor", "version": "1.0.0"},
    })
}
