//! The bridge with a scripted server on a socket pair.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::thread;

use serde_json::{Value, json};

use super::{McpBridge, StdioServer};

/// A server that echoes each request after one progress message.
fn echo() -> StdioServer {
    let (near, far) = UnixStream::pair().unwrap();
    thread::spawn(move || {
        let mut writer = far.try_clone().unwrap();
        for line in BufReader::new(far).lines().map_while(Result::ok) {
            let asked: Value = serde_json::from_str(&line).unwrap();
            let token = &asked["params"]["_meta"]["progressToken"];
            let mut lines = String::new();
            if !token.is_null() {
                let params = json!({"progressToken": token, "progress": 1});
                let progress = json!({
                    "jsonrpc": "2.0", "method": "notifications/progress", "params": params,
                });
                lines = format!("{progress}\n");
            }
            if asked["method"] == "unknown" {
                let error = json!({"code": -32601, "message": "unknown"});
                lines += &format!(
                    "{}\n",
                    json!({"jsonrpc": "2.0", "id": asked["id"], "error": error})
                );
            } else if !asked["id"].is_null() {
                let result = json!({"asked": asked["id"]});
                lines += &format!(
                    "{}\n",
                    json!({"jsonrpc": "2.0", "id": asked["id"], "result": result})
                );
            }
            writer.write_all(lines.as_bytes()).unwrap();
        }
    });
    StdioServer {
        input: Box::new(near.try_clone().unwrap()),
        output: Box::new(near),
        guard: Box::new(()),
    }
}

fn exchange(bridge: &McpBridge, method: &str, headers: &str, body: &str) -> String {
    let host = bridge.address;
    let host = if headers.contains("host: ") {
        String::new()
    } else {
        format!("host: {host}\r\n")
    };
    let mut stream = TcpStream::connect(bridge.address).unwrap();
    let request = format!(
        "{method} /mcp HTTP/1.1\r\n{host}{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

fn modern(id: i64, method: &str) -> String {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28", "progressToken": "t",
    });
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": {"_meta": meta}}).to_string()
}

const MODERN: &str = "mcp-protocol-version: 2026-07-28\r\n";

#[test]
fn modern_requests_share_a_server_and_keep_their_ids() {
    let bridge = McpBridge::start(echo);
    for key in [1, 2] {
        let reply = exchange(&bridge, "POST", MODERN, &modern(70, "tools/list"));
        let events: Vec<Value> = reply
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .map(|data| serde_json::from_str(data).unwrap())
            .collect();
        assert_eq!(events.len(), 2, "{reply}");
        assert_eq!(events[0]["params"]["progressToken"], "t");
        assert_eq!(events[1]["id"], 70);
        assert_eq!(events[1]["result"]["asked"], key);
    }
    assert_eq!(bridge.servers(), 1);
}

#[test]
fn a_session_has_a_server_of_its_own() {
    let bridge = McpBridge::start(echo);
    let initialize = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize"}).to_string();
    for session in ["session-1", "session-2"] {
        let reply = exchange(&bridge, "POST", "", &initialize);
        let header = format!("mcp-session-id: {session}\r\n");
        assert!(reply.contains(&header), "{reply}");
        let note = json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string();
        let reply = exchange(&bridge, "POST", &header, &note);
        assert!(reply.starts_with("HTTP/1.1 202 "), "{reply}");
    }
    assert_eq!(bridge.servers(), 2);
    for status in ["200", "404"] {
        let reply = exchange(&bridge, "DELETE", "mcp-session-id: session-1\r\n", "");
        assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{reply}");
    }
}

#[test]
fn refusals_have_their_status() {
    let bridge = McpBridge::start(echo);
    let unknown = json!({"jsonrpc": "2.0", "id": 9, "method": "unknown"}).to_string();
    for (method, headers, body, status) in [
        ("POST", MODERN, unknown.as_str(), "404"),
        ("POST", MODERN, "{", "400"),
        ("POST", "", &modern(1, "tools/list"), "400"),
        ("POST", "mcp-session-id: none\r\n", &unknown, "404"),
        ("POST", "host: evil.example.com\r\n", &unknown, "403"),
        (
            "POST",
            "origin: http://evil.example.com\r\n",
            &unknown,
            "403",
        ),
        ("GET", "", "", "405"),
    ] {
        let reply = exchange(&bridge, method, headers, body);
        assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{reply}");
    }
}
