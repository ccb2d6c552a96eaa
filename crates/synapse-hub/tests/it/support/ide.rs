//! An IDE: JSON lines to a real server over the hub's hosts.

use std::time::Duration;

use serde_json::{Value, json};
use synapse_hub::Hub;
use synapse_mcp::{Server, ServerIdentity};
use tokio::io::{
    AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf,
};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::host;

/// The IDE. Requests are numbered from 1.
pub(crate) struct Ide {
    writer: WriteHalf<DuplexStream>,
    lines: Lines<BufReader<ReadHalf<DuplexStream>>>,
    next: u64,
    meta: Option<Value>,
    /// Messages read while waiting for another one.
    pub(crate) heard: Vec<Value>,
    _server: JoinSet<()>,
}

impl Ide {
    fn start(hub: &Hub, meta: Option<Value>) -> Self {
        let host = host(hub);
        let server = Server::new(ServerIdentity::new("synapse", "0"))
            .with_tools(host.clone())
            .with_resources(host.clone())
            .with_prompts(host.clone())
            .with_completions(host.clone())
            .with_extensions(host.clone())
            .with_introduction(host)
            .with_logging()
            .with_changes(hub.changes());
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let (reader, writer) = tokio::io::split(theirs);
        let mut set = JoinSet::new();
        set.spawn(async move { server.serve(reader, writer).await.unwrap() });
        let (reader, writer) = tokio::io::split(ours);
        Self {
            writer,
            lines: BufReader::new(reader).lines(),
            next: 1,
            meta,
            heard: Vec::new(),
            _server: set,
        }
    }

    pub(crate) async fn legacy(hub: &Hub, capabilities: Value) -> Self {
        let mut ide = Self::start(hub, None);
        let id = ide
            .send(
                "initialize",
                json!({
                    "protocolVersion": "2025-11-25",
                    "capabilities": capabilities,
                    "clientInfo": {"name": "ide", "version": "1"},
                }),
            )
            .await;
        ide.reply(id).await;
        ide.write(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))
            .await;
        ide
    }

    pub(crate) fn modern(hub: &Hub, capabilities: Value) -> Self {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": capabilities,
            "io.modelcontextprotocol/clientInfo": {"name": "ide", "version": "2"},
        });
        Self::start(hub, Some(meta))
    }

    pub(crate) async fn write(&mut self, message: &Value) {
        let line = format!("{message}\n");
        self.writer.write_all(line.as_bytes()).await.unwrap();
    }

    /// Sends a request and returns its id.
    pub(crate) async fn send(&mut self, method: &str, mut params: Value) -> u64 {
        let id = self.next;
        self.next += 1;
        if let Some(meta) = &self.meta {
            let mut meta = meta.clone();
            if let Some(more) = params.get("_meta").and_then(Value::as_object) {
                for (key, value) in more {
                    meta[key] = value.clone();
                }
            }
            params["_meta"] = meta;
        }
        self.write(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
            .await;
        id
    }

    /// The next message.
    pub(crate) async fn next(&mut self) -> Value {
        let line = timeout(PATIENCE, self.lines.next_line()).await;
        let line = line.expect("a message in time").unwrap();
        serde_json::from_str(&line.expect("the server goes on")).unwrap()
    }

    /// The reply to a request; earlier messages are kept.
    pub(crate) async fn reply(&mut self, id: u64) -> Value {
        loop {
            let message = self.next().await;
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
            self.heard.push(message);
        }
    }

    /// The next server request; earlier messages are kept.
    pub(crate) async fn question(&mut self) -> Value {
        loop {
            let message = self.next().await;
            if message.get("method").is_some() && message.get("id").is_some() {
                return message;
            }
            self.heard.push(message);
        }
    }

    pub(crate) async fn answer(&mut self, question: &Value, result: Value) {
        self.write(&json!({"jsonrpc": "2.0", "id": question["id"], "result": result}))
            .await;
    }

    /// A request and its reply.
    pub(crate) async fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params).await;
        self.reply(id).await
    }

    /// The result of a request.
    pub(crate) async fn result(&mut self, method: &str, params: Value) -> Value {
        let reply = self.ask(method, params).await;
        assert!(reply.get("error").is_none(), "{reply}");
        reply["result"].clone()
    }

    /// The result of a tool.
    pub(crate) async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.result("tools/call", json!({"name": tool, "arguments": arguments}))
            .await
    }

    pub(crate) async fn tools(&mut self) -> Value {
        self.result("tools/list", json!({})).await["tools"].clone()
    }
}

/// Generous for a loaded machine: nothing here waits for time to pass.
const PATIENCE: Duration = Duration::from_secs(60);
