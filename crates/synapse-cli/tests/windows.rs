//! The product on Windows: an upstream server is added, approved, called from the terminal and
//! through `serve`. The upstream is a second Synapse with a home of its own.

#![cfg(test)]
#![cfg(windows)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

const SYNAPSE: &str = env!("CARGO_BIN_EXE_synapse");

struct Homes {
    outer: TempDir,
    inner: TempDir,
}

impl Homes {
    /// A home that has approved the other as its upstream `inner`.
    fn new() -> Self {
        let homes = Self {
            outer: tempfile::tempdir().unwrap(),
            inner: tempfile::tempdir().unwrap(),
        };
        let variable = format!("SYNAPSE_HOME={}", homes.inner.path().display());
        // A build on another system gives a path without a drive.
        let program = std::path::absolute(SYNAPSE).unwrap();
        let program = program.to_str().unwrap();
        homes.run(&[
            "hub", "add", "inner", "--env", &variable, "--", program, "serve",
        ]);
        homes.run(&["hub", "approve", "inner", "--yes"]);
        homes
    }

    fn synapse(&self) -> Command {
        let mut command = Command::new(SYNAPSE);
        command.env("SYNAPSE_HOME", self.outer.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let output = self
            .synapse()
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        output
    }
}

#[test]
fn a_tool_of_an_upstream_is_called_from_the_terminal() {
    let homes = Homes::new();
    let output = homes.run(&["hub", "call", "inner", "list_connections", "{}"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("there is no connection yet"), "{text}");
}

#[test]
fn an_ide_calls_a_tool_of_an_upstream() {
    let homes = Homes::new();
    let mut serve = homes
        .synapse()
        .arg("serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = serve.stdin.take().unwrap();
    let mut output = BufReader::new(serve.stdout.take().unwrap());
    let mut ask = |id: u32, method: &str, params: Value| -> Value {
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        writeln!(input, "{request}").unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    };
    let client = json!({"name": "test", "version": "1"});
    let hello = ask(
        1,
        "initialize",
        json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}),
    );
    assert_eq!(hello["result"]["serverInfo"]["name"], "synapse");
    let call = json!({"name": "inner__list_connections", "arguments": {}});
    let answer = ask(2, "tools/call", call);
    assert_eq!(answer["result"]["isError"], Value::Null, "{answer}");
    assert_eq!(
        answer["result"]["structuredContent"]["connections"],
        json!([])
    );
    drop(input);
    assert!(serve.wait().unwrap().success());
}
