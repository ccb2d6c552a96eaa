//! An upstream that sends a gigabyte: one line, one body, one event. It is refused by size, the
//! memory of `serve` stays bounded, and the next call works.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use serde_json::{Value, json};
use synapse_tests::process::peak_memory;
use synapse_tests::{Era, Ide};

use super::{Hub, code, text};

const GIGABYTE: u64 = 1 << 30;
/// In KiB. The cap on a message is 64 MiB.
const MOST_MEMORY: u64 = 400 << 10;

fn refused(ide: &mut Ide, tool: &str) {
    let result = ide.call(tool, json!({"bytes": GIGABYTE}));
    assert_eq!(code(&result), "upstream.too-large", "{result}");
    assert_eq!(
        result["structuredContent"]["error"]["context"]["may_have_run"],
        "yes"
    );
    let peak = peak_memory(ide.process_id());
    assert!(peak < MOST_MEMORY, "{peak} KiB");
}

#[test]
fn a_line_of_a_gigabyte_is_refused_and_the_server_goes_on() {
    let hub = Hub::new().with("one", &["--flood"]).approved("one");
    let mut ide = hub.home.serve(Era::Modern);
    refused(&mut ide, "one__flood");
    assert_eq!(text(&ide.call("one__echo", json!({}))), "{}");
    assert_eq!(hub.counts("one"), (1, 2));
}

#[test]
fn a_body_of_a_gigabyte_is_not_read_to_its_end() {
    over_http(
        "application/json",
        r#"{"jsonrpc":"2.0","id":0,"result":{"content":[{"type":"text","text":""#,
    );
}

#[test]
fn an_event_of_a_gigabyte_is_not_read_to_its_end() {
    over_http(
        "text/event-stream",
        r#"data: {"jsonrpc":"2.0","id":0,"result":{"content":[{"type":"text","text":""#,
    );
}

fn over_http(kind: &'static str, beginning: &'static str) {
    let sent = Arc::<AtomicU64>::default();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let counter = Arc::clone(&sent);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, counter) = (stream.unwrap(), Arc::clone(&counter));
            thread::spawn(move || serve(stream, kind, beginning, &counter));
        }
    });
    let hub = Hub::new().with_url("one", &url).approved("one");
    let mut ide = hub.home.serve(Era::Modern);
    refused(&mut ide, "one__flood");
    // The connection was closed far from the end.
    assert!(sent.load(Ordering::SeqCst) < GIGABYTE / 2);
    assert_eq!(text(&ide.call("one__echo", json!({}))), "here");
}

/// Answers one request; a call of `flood` with a gigabyte.
fn serve(mut stream: TcpStream, kind: &str, beginning: &str, sent: &AtomicU64) -> Option<()> {
    let request = read(&mut stream)?;
    let id = &request["id"];
    let tool = |name: &str| json!({"name": name, "inputSchema": {"type": "object"}});
    let result = match request["method"].as_str()? {
        "initialize" => json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "large", "version": "1"},
        }),
        "tools/list" => json!({"tools": [tool("flood"), tool("echo")]}),
        "tools/call" if request["params"]["name"] == "flood" => {
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n{beginning}"
            );
            stream.write_all(head.as_bytes()).ok()?;
            let piece = vec![b'x'; 1 << 20];
            while sent.load(Ordering::SeqCst) < GIGABYTE {
                stream.write_all(&piece).ok()?;
                sent.fetch_add(piece.len() as u64, Ordering::SeqCst);
            }
            return None;
        }
        "tools/call" => json!({"content": [{"type": "text", "text": "here"}]}),
        _ if id.is_null() => {
            let head = "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            return stream.write_all(head.as_bytes()).ok();
        }
        _ => Value::Null,
    };
    let body = match result {
        Value::Null => {
            json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": "no"}})
        }
        result => json!({"jsonrpc": "2.0", "id": id, "result": result}),
    };
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()
}

/// The JSON of one request.
fn read(stream: &mut TcpStream) -> Option<Value> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let read = stream.read(&mut chunk).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(chunk.get(..read)?);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        // The body is there when it is whole JSON.
        if let Ok(request) = serde_json::from_slice(&bytes[end + 4..]) {
            return Some(request);
        }
    }
}
