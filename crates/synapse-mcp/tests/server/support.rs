//! A scripted client, and a host whose tools the test controls.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use synapse_mcp::host::{CacheHint, CacheScope, Caller, Progress, ProgressReporter};
use synapse_mcp::{
    JsonObject, ServeError, Server, ServerIdentity, ToolCall, ToolError, ToolHost, ToolList,
    ToolResult,
};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, duplex};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Events of a running `hold`.
#[derive(Debug)]
pub(crate) enum Event {
    /// It is running; a message ends it with that text.
    Started(oneshot::Sender<String>),
    /// Its future was dropped before its end.
    Dropped,
}

pub(crate) struct Host {
    events: UnboundedSender<Event>,
    reporters: UnboundedSender<ProgressReporter>,
}

pub(crate) struct Client {
    input: Option<DuplexStream>,
    output: Option<Lines<BufReader<DuplexStream>>>,
    pub(crate) events: UnboundedReceiver<Event>,
    pub(crate) reporters: UnboundedReceiver<ProgressReporter>,
    server: JoinHandle<Result<(), ServeError>>,
}

impl Client {
    /// Starts a server on a fresh connection.
    pub(crate) fn start() -> Self {
        let (events_sender, events) = unbounded_channel();
        let (reporters_sender, reporters) = unbounded_channel();
        let host = Host {
            events: events_sender,
            reporters: reporters_sender,
        };
        let server = Server::new(identity()).with_tools(Arc::new(host));
        Self::connect(server, events, reporters)
    }

    /// Starts `server`, whose hosts report no events.
    pub(crate) fn of(server: Server) -> Self {
        let (_, events) = unbounded_channel();
        let (_, reporters) = unbounded_channel();
        Self::connect(server, events, reporters)
    }

    fn connect(
        server: Server,
        events: UnboundedReceiver<Event>,
        reporters: UnboundedReceiver<ProgressReporter>,
    ) -> Self {
        let (input, server_input) = duplex(64 * 1024);
        let (server_output, output) = duplex(64 * 1024);
        Self {
            input: Some(input),
            output: Some(BufReader::new(output).lines()),
            events,
            reporters,
            server: tokio::spawn(server.serve(server_input, server_output)),
        }
    }

    /// Starts a server and a session in `version`.
    pub(crate) async fn start_legacy(version: &str) -> Self {
        Self::start().initialized(version).await
    }

    /// Opens a session in `version`.
    pub(crate) async fn initialized(self, version: &str) -> Self {
        let mut client = self;
        let reply = client
            .request("init", "initialize", introduction(version))
            .await;
        assert_eq!(reply["result"]["protocolVersion"], version);
        client
            .send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))
            .await;
        client
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.input.as_mut().unwrap().write_all(bytes).await.unwrap();
    }

    pub(crate) async fn send_line(&mut self, line: &str) {
        self.send_bytes(format!("{line}\n").as_bytes()).await;
    }

    pub(crate) async fn send(&mut self, message: &Value) {
        self.send_line(&message.to_string()).await;
    }

    pub(crate) async fn send_request(&mut self, id: impl Into<Value>, method: &str, params: Value) {
        let id: Value = id.into();
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
            .await;
    }

    pub(crate) async fn cancel(&mut self, id: impl Into<Value>) {
        let params = json!({"requestId": id.into(), "reason": "changed my mind"});
        self.send(
            &json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}),
        )
        .await;
    }

    /// The next line as text; `None` when the server closed its output.
    pub(crate) async fn line(&mut self) -> Option<String> {
        soon(self.output.as_mut().unwrap().next_line())
            .await
            .unwrap()
    }

    pub(crate) async fn receive(&mut self) -> Value {
        let line = self.line().await.expect("the server is gone");
        serde_json::from_str(&line).unwrap()
    }

    /// Sends a request and returns the next message, which must be its reply.
    pub(crate) async fn request(
        &mut self,
        id: impl Into<Value>,
        method: &str,
        params: Value,
    ) -> Value {
        let id: Value = id.into();
        self.send_request(id.clone(), method, params).await;
        let reply = self.receive().await;
        assert_eq!(reply["id"], id, "{reply}");
        assert_eq!(reply["jsonrpc"], "2.0");
        reply
    }

    /// Checks that the server is alive and silent.
    pub(crate) async fn expect_silence(&mut self) {
        let reply = self.request("silence?", "ping", json!({})).await;
        assert_eq!(reply["result"], json!({}), "{reply}");
    }

    /// Waits until a `hold` runs; returns the channel that ends it.
    pub(crate) async fn started(&mut self) -> oneshot::Sender<String> {
        match soon(self.events.recv()).await.unwrap() {
            Event::Started(finish) => finish,
            Event::Dropped => panic!("a call was dropped"),
        }
    }

    /// Waits until a `hold` was dropped.
    pub(crate) async fn dropped(&mut self) {
        match soon(self.events.recv()).await.unwrap() {
            Event::Dropped => {}
            Event::Started(_) => panic!("a call was started"),
        }
    }

    pub(crate) fn close_input(&mut self) {
        self.input = None;
    }

    pub(crate) fn close_output(&mut self) {
        self.output = None;
    }

    /// Waits for the server to return.
    pub(crate) async fn ended(self) -> Result<(), ServeError> {
        soon(self.server).await.unwrap()
    }

    /// Closes the input and returns the remaining lines.
    pub(crate) async fn finish(mut self) -> Vec<Value> {
        self.close_input();
        let mut rest = Vec::new();
        while let Some(line) = self.line().await {
            rest.push(serde_json::from_str(&line).unwrap());
        }
        self.ended().await.unwrap();
        rest
    }

    /// Drops the server's future, like a program that is asked to stop.
    pub(crate) fn stop(&self) {
        self.server.abort();
    }
}

/// Fails instead of hanging: the paused clock only moves when everything is idle.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(3600), future)
        .await
        .expect("the server does nothing more")
}

pub(crate) fn identity() -> ServerIdentity {
    ServerIdentity::new("synapse", "0.1.0")
        .with_title("Synapse")
        .with_instructions("Ask.")
}

/// `params` of an `initialize`.
pub(crate) fn introduction(version: &str) -> Value {
    json!({
        "protocolVersion": version,
        "capabilities": {"roots": {"listChanged": true}, "experimental": {"odd": true}},
        "clientInfo": {"name": "legacy-ide", "version": "1.2", "vendor": "x"},
    })
}

/// `params` of a modern request.
pub(crate) fn modern(mut params: Value) -> Value {
    params["_meta"] = modern_meta();
    params
}

pub(crate) fn modern_meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {"experimental": {"odd": true}},
        "io.modelcontextprotocol/clientInfo": {"name": "modern-ide", "version": "2.0"},
    })
}

/// `params` of a `tools/call`.
pub(crate) fn call(tool: &str, arguments: Value) -> Value {
    json!({"name": tool, "arguments": arguments})
}

pub(crate) fn text_result(text: &str) -> Value {
    json!({"content": [{"type": "text", "text": text}]})
}

/// The tools exactly as the host describes them, with unknown members and an unusually ordered
/// schema.
pub(crate) const TOOLS: &str = r#"[{"vendor":{"z":1,"a":[null]},"name":"echo","inputSchema":{"type":"object","properties":{"text":{},"also":{}}},"execution":{"taskSupport":"optional"},"icons":[]},{"name":"hold","inputSchema":{"type":"object"}}]"#;

/// The fixed answer of `raw`.
pub(crate) const RAW: &str = r#"{"structuredContent":null,"content":[{"type":"hologram","z":1,"a":1.5},{"type":"resource_link"}],"isError":false,"vendor":{"b":18446744073709551615}}"#;

#[async_trait]
impl ToolHost for Host {
    async fn list_tools(&self, _caller: &Caller) -> Result<ToolList, ToolError> {
        let tools: Vec<JsonObject> = serde_json::from_str(TOOLS).unwrap();
        Ok(ToolList::new(tools).with_cache(CacheHint {
            ttl_ms: 5000,
            scope: CacheScope::Public,
        }))
    }

    fn owns(&self, _tool: &str) -> bool {
        true
    }

    async fn call_tool(&self, call: ToolCall) -> Result<ToolResult, ToolError> {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("").to_owned();
        match call.name.as_str() {
            "echo" => Ok(ToolResult::text(text(call.arguments.get("text")))),
            "hold" => Ok(ToolResult::text(self.hold().await)),
            "raw" => Ok(ToolResult::from_object(serde_json::from_str(RAW).unwrap())),
            "fail" => Ok(ToolResult::text("no luck").failed()),
            "panic" => panic!("a bug in a tool"),
            "input-required" => Ok(ToolResult::from_object(
                json!({"resultType": "input_required", "requestState": "s"})
                    .as_object()
                    .unwrap()
                    .clone(),
            )),
            "upstream-error" => Err(ToolError::Rpc {
                code: -32021,
                message: "Missing".to_owned(),
                data: Some(json!({"requiredCapabilities": {"z": {}, "a": {}}})),
            }),
            "refuse" => Err(ToolError::InvalidParams {
                message: "not so".to_owned(),
            }),
            "who" => Ok(ToolResult::new(Vec::new()).with_structured_content(json!({
                "revision": call.caller.revision().as_str(),
                "name": call.caller.client_name(),
                "version": call.caller.client_version(),
                "info": call.caller.client_info(),
                "capabilities": call.caller.capabilities(),
                "meta": call.caller.meta(),
                "arguments": call.arguments,
                "extra": call.extra,
                "progress": call.progress.is_some(),
            }))),
            "progress" => {
                let reporter = call.progress.unwrap();
                reporter.report(Progress::new(0.5));
                reporter.report(Progress::new(1.0).with_total(2.0).with_message("half"));
                self.reporters.send(reporter).unwrap();
                Ok(ToolResult::text("done"))
            }
            _ => Err(ToolError::UnknownTool { name: call.name }),
        }
    }
}

impl Host {
    async fn hold(&self) -> String {
        struct Guard<'a>(&'a UnboundedSender<Event>, bool);
        impl Drop for Guard<'_> {
            fn drop(&mut self) {
                if !self.1 {
                    let _closed = self.0.send(Event::Dropped);
                }
            }
        }
        let (finish, finished) = oneshot::channel();
        let mut guard = Guard(&self.events, false);
        self.events.send(Event::Started(finish)).unwrap();
        // Dropping the sender means: never.
        let text = match finished.await {
            Ok(text) => text,
            Err(_) => std::future::pending().await,
        };
        guard.1 = true;
        text
    }
}
