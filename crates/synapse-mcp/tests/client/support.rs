//! A scripted server, line by line, and the tests' requests to the client.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use synapse_mcp::JsonObject;
use synapse_mcp::client::{
    Caps, ClientHandler, ClientIntroduction, Eras, LineConversation, Outgoing, RpcError, Unopened,
};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, Lines, duplex};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

pub(crate) const START: Duration = Duration::from_secs(30);
const PIPE: usize = 64 * 1024;
pub(crate) const AMPLE: Duration = Duration::from_secs(300);

/// The server's ends of the pipes.
pub(crate) struct Server {
    lines: Lines<BufReader<DuplexStream>>,
    output: DuplexStream,
}

impl Server {
    /// The client's next message; `None` if it closed the input.
    pub(crate) async fn hear(&mut self) -> Option<Value> {
        let line = self.lines.next_line().await.unwrap()?;
        Some(serde_json::from_str(&line).unwrap())
    }

    /// Id and parameters of the next message, which must be a request of `method`.
    pub(crate) async fn asked(&mut self, method: &str) -> (Value, Value) {
        let message = self.hear().await.unwrap();
        assert_eq!(message["method"], method, "{message}");
        (message["id"].clone(), message["params"].clone())
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.say_bytes(text.as_bytes()).await;
    }

    pub(crate) async fn say_bytes(&mut self, line: &[u8]) {
        self.output.write_all(line).await.unwrap();
        self.output.write_all(b"\n").await.unwrap();
    }

    /// Writes without a newline; `false` when nobody reads any more.
    pub(crate) async fn flood(&mut self, text: &str) -> bool {
        self.output.write_all(text.as_bytes()).await.is_ok()
    }

    /// Closes both pipes, like an exiting process.
    pub(crate) fn exit(&mut self) {
        let ((lines, _), (_, output)) = (duplex(1), duplex(1));
        *self = Self {
            lines: BufReader::new(lines).lines(),
            output,
        };
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.say(&message.to_string()).await;
    }

    pub(crate) async fn answer(&mut self, id: &Value, result: Value) {
        self.send(json!({"jsonrpc": "2.0", "id": id, "result": result}))
            .await;
    }

    pub(crate) async fn refuse(&mut self, id: &Value, code: i64) {
        let error = json!({"code": code, "message": "no"});
        self.send(json!({"jsonrpc": "2.0", "id": id, "error": error}))
            .await;
    }

    /// Answers the probe like a modern server.
    pub(crate) async fn open_modern(&mut self) {
        let (id, _) = self.asked("server/discover").await;
        self.answer(&id, discovered()).await;
    }

    /// Rejects the probe, and opens a legacy session.
    pub(crate) async fn open_legacy(&mut self) {
        let (id, _) = self.asked("server/discover").await;
        self.refuse(&id, -32601).await;
        let (id, _) = self.asked("initialize").await;
        self.answer(&id, initialized("2025-11-25")).await;
        self.asked("notifications/initialized").await;
    }
}

pub(crate) fn discovered() -> Value {
    json!({
        "resultType": "complete", "supportedVersions": ["2025-11-25", "2026-07-28"],
        "capabilities": {"tools": {}}, "instructions": "Be kind.",
        "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "scripted", "version": "1"}},
    })
}

pub(crate) fn initialized(version: &str) -> Value {
    json!({"protocolVersion": version, "capabilities": {"tools": {}},
           "serverInfo": {"name": "scripted", "version": "1"}})
}

pub(crate) fn introduction(eras: Eras) -> ClientIntroduction {
    ClientIntroduction {
        client_info: object(json!({"name": "suite", "version": "1"})),
        capabilities: object(json!({"elicitation": {}})),
        eras,
        standing: None,
    }
}

pub(crate) fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        other => panic!("no object: {other}"),
    }
}

/// Starts opening a conversation; returns the server's side.
pub(crate) fn begin(
    introduction: ClientIntroduction,
    caps: Caps,
) -> (Server, JoinHandle<Result<LineConversation, Unopened>>) {
    // Two pipes, like a process: closing one leaves the other open.
    let (output, at_server) = duplex(PIPE);
    let (lines, input) = duplex(PIPE);
    let opening = tokio::spawn(LineConversation::open(
        output,
        input,
        introduction,
        caps,
        START,
    ));
    let server = Server {
        lines: BufReader::new(lines).lines(),
        output: at_server,
    };
    (server, opening)
}

pub(crate) async fn modern() -> (Server, Arc<LineConversation>) {
    let (mut server, opening) = begin(introduction(Eras::Both), Caps::default());
    server.open_modern().await;
    (server, Arc::new(opening.await.unwrap().unwrap()))
}

pub(crate) async fn legacy() -> (Server, Arc<LineConversation>) {
    legacy_with(introduction(Eras::Both), Caps::default()).await
}

pub(crate) async fn legacy_with(
    introduction: ClientIntroduction,
    caps: Caps,
) -> (Server, Arc<LineConversation>) {
    let (mut server, opening) = begin(introduction, caps);
    server.open_legacy().await;
    (server, Arc::new(opening.await.unwrap().unwrap()))
}

pub(crate) fn call(name: &str) -> Outgoing {
    let mut outgoing = Outgoing::within("tools/call", AMPLE);
    outgoing.params = object(json!({"name": name, "arguments": {}}));
    outgoing
}

/// A server request: method, parameters, and the channel for its answer.
pub(crate) type Asked = (String, JsonObject, oneshot::Sender<Result<Value, RpcError>>);

/// Passes each server request to the test, and records notifications.
pub(crate) struct Desk {
    asked: mpsc::UnboundedSender<Asked>,
    pub(crate) heard: Mutex<Vec<(String, JsonObject)>>,
}

impl Desk {
    pub(crate) fn new() -> (Arc<Self>, mpsc::UnboundedReceiver<Asked>) {
        let (asked, questions) = mpsc::unbounded_channel();
        let heard = Mutex::default();
        (Arc::new(Self { asked, heard }), questions)
    }
}

#[async_trait]
impl ClientHandler for Desk {
    async fn ask(&self, method: &str, params: JsonObject) -> Result<Value, RpcError> {
        let (back, answer) = oneshot::channel();
        self.asked.send((method.to_owned(), params, back)).unwrap();
        answer.await.unwrap()
    }

    fn heard(&self, method: &str, params: JsonObject) {
        let mut heard = self.heard.lock().unwrap();
        heard.push((method.to_owned(), params));
    }
}
