//! Output of `hub` commands besides their result: the current wait at a terminal, and exchanges
//! with `--verbose`.

use serde_json::{Value, json};
use synapse_testkit::raw::{End, RawServer, Reply};
use synapse_tests::{Home, Terminal};

use crate::TWIN;

/// A server that never answers: the terminal says what is waited for.
#[test]
fn a_terminal_shows_what_a_hub_command_waits_for() {
    let home = Home::new(TWIN);
    let silent = RawServer::always(Reply::silent(End::Hang));
    let url = silent.url("/mcp").to_string();
    home.run(["hub", "add", "slow", &url]).with_code(0);
    let words = ["hub", "approve", "slow", "--yes"];
    let mut terminal = Terminal::start(home.twin(words).env("TERM", "xterm"));
    silent.wait_for_accepts(1);
    terminal.wait_for_shown("slow: its tools");
    terminal.press(Terminal::CTRL_C);
    let output = terminal.finish();
    assert_ne!(output.code, 0, "{output}");
}

/// The exchanges of a call, without the key; stdout has the result alone.
#[test]
fn a_verbose_call_shows_its_exchanges_without_the_key() {
    let home = Home::new(TWIN);
    let server = modern_server();
    let url = server.url("/mcp").to_string();
    home.run([
        "hub",
        "add",
        "web",
        &url,
        "--header",
        "Authorization: Bearer ${A_KEY}",
    ])
    .with_code(0);
    let key = "fake-of-the-header";
    let with_key = |words: &[&str]| home.twin(words).env("A_KEY", key).output();
    with_key(&["hub", "approve", "web", "--yes"]).with_code(0);
    let output = with_key(&["hub", "call", "web", "greet", "{}", "--verbose"]).with_code(0);
    for shown in [
        "> POST http://127.0.0.1",
        "< HTTP 200 after ",
        "> authorization: ",
    ] {
        assert!(output.stderr.contains(shown), "{shown}: {output}");
    }
    assert!(!output.stderr.contains(key), "{output}");
    assert!(!output.stdout.contains("POST"), "{output}");
    let quiet = with_key(&["hub", "call", "web", "greet", "{}"]).with_code(0);
    assert_eq!(quiet.stdout, output.stdout);
    assert!(!quiet.stderr.contains("POST"), "{quiet}");
}

/// A server of the modern era with one tool.
fn modern_server() -> RawServer {
    RawServer::start(|request| {
        let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let mut result = match asked["method"].as_str().unwrap_or_default() {
            "server/discover" => json!({
                "supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}},
            }),
            "tools/list" => json!({
                "tools": [{"name": "greet", "inputSchema": {"type": "object"}}],
            }),
            "tools/call" => json!({"content": [{"type": "text", "text": "hello"}]}),
            _ => json!({}),
        };
        result["resultType"] = json!("complete");
        let answer = json!({"jsonrpc": "2.0", "id": asked["id"], "result": result});
        Reply::json(200, answer.to_string())
    })
}
