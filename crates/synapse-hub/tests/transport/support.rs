//! Scripted servers over HTTP and pipes, and how the tests connect to them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use synapse_core::{NetworkGate, NetworkPermit};
use synapse_http::{HttpClient, HttpConfig};
use synapse_hub::transport::{HttpConversation, HttpServer, StdioServer};
use synapse_mcp::JsonObject;
use synapse_mcp::client::{CallError, Caps, ClientIntroduction, Eras, Outgoing};
use synapse_process::{Guard, Program};
use synapse_testkit::raw::{RawServer, RecordedRequest, Reply};
use url::Url;

pub(crate) const AMPLE: Duration = Duration::from_secs(60);

pub(crate) fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        other => panic!("no object: {other}"),
    }
}

pub(crate) fn introduction(eras: Eras) -> ClientIntroduction {
    ClientIntroduction {
        client_info: object(json!({"name": "suite", "version": "1"})),
        capabilities: JsonObject::new(),
        eras,
        standing: None,
    }
}

pub(crate) fn call(name: &str, arguments: Value) -> Outgoing {
    let mut outgoing = Outgoing::within("tools/call", AMPLE);
    outgoing.params = object(json!({"name": name, "arguments": arguments}));
    outgoing
}

pub(crate) fn permit(url: &Url) -> Arc<NetworkPermit> {
    let origin = synapse_core::Origin::of(url);
    Arc::new(NetworkGate::Open.permit([origin]).unwrap())
}

pub(crate) fn http(url: Url, eras: Eras) -> HttpServer {
    HttpServer {
        client: HttpClient::new(HttpConfig::default()),
        permit: permit(&url),
        url,
        headers: Vec::new(),
        secret_headers: Vec::new(),
        credentials: None,
        introduction: introduction(eras),
        caps: Caps::default(),
        start: AMPLE,
    }
}

/// A posted message.
pub(crate) struct Posted<'a> {
    pub(crate) request: &'a RecordedRequest,
    pub(crate) method: String,
    pub(crate) id: Value,
}

impl Posted<'_> {
    pub(crate) fn answer(&self, result: Value) -> Reply {
        Reply::json(200, self.message(result).to_string())
    }

    pub(crate) fn message(&self, result: Value) -> Value {
        json!({"jsonrpc": "2.0", "id": self.id, "result": result})
    }

    pub(crate) fn error(&self, status: u16, code: i64) -> Reply {
        let error = json!({"code": code, "message": "no"});
        let message = json!({"jsonrpc": "2.0", "id": self.id, "error": error});
        Reply::json(status, message.to_string())
    }
}

/// The method of a recorded message, or the HTTP method of a request without one.
pub(crate) fn method_of(request: &RecordedRequest) -> String {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    match body["method"].as_str() {
        Some(method) => method.to_owned(),
        None if body.get("result").is_some() => "answer".to_owned(),
        None => request.head.split(' ').next().unwrap().to_owned(),
    }
}

pub(crate) fn methods(server: &RawServer) -> Vec<String> {
    server.requests().iter().map(method_of).collect()
}

/// A modern server; `answer` takes precedence.
pub(crate) fn modern(
    answer: impl Fn(&Posted<'_>) -> Option<Reply> + Send + Sync + 'static,
) -> RawServer {
    RawServer::start(move |request| {
        let posted = posted(request);
        answer(&posted).unwrap_or_else(|| match posted.method.as_str() {
            "server/discover" => posted.answer(json!({
                "resultType": "complete", "supportedVersions": ["2026-07-28"],
                "capabilities": {"tools": {}},
            })),
            _ => posted.answer(json!({"resultType": "complete"})),
        })
    })
}

/// A legacy server with sessions; `answer` takes precedence.
pub(crate) fn legacy(
    answer: impl Fn(&Posted<'_>) -> Option<Reply> + Send + Sync + 'static,
) -> RawServer {
    RawServer::start(move |request| {
        let posted = posted(request);
        answer(&posted).unwrap_or_else(|| match posted.method.as_str() {
            "server/discover" => Reply::typed(400, "text/plain", "no session"),
            "initialize" => posted
                .answer(
                    json!({"protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
                               "serverInfo": {"name": "scripted", "version": "1"}}),
                )
                .header("mcp-session-id", "session-1"),
            "GET" => Reply::status(405),
            "DELETE" => Reply::status(200),
            method if method.starts_with("notifications/") => Reply::status(202),
            "answer" => Reply::status(202),
            _ => posted.answer(json!({})),
        })
    })
}

fn posted(request: &RecordedRequest) -> Posted<'_> {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    Posted {
        request,
        method: method_of(request),
        id: body["id"].clone(),
    }
}

/// An event stream of `messages`.
pub(crate) fn events(messages: &[Value]) -> String {
    let event = |message: &Value| format!("event: message\ndata: {message}\n\n");
    messages.iter().map(event).collect()
}

pub(crate) async fn open(server: &RawServer, eras: Eras) -> HttpConversation {
    http(server.url("/mcp"), eras).open().await.unwrap()
}

pub(crate) async fn unopened(server: &RawServer, eras: Eras) -> CallError {
    http(server.url("/mcp"), eras).open().await.unwrap_err()
}

/// A shell script as a server, with `D` for `directory`.
pub(crate) fn script(directory: &Path, text: &str) -> StdioServer {
    let path = "/usr/local/bin:/usr/bin:/bin";
    let program = Program::find("sh", Some(path.as_ref()))
        .unwrap()
        .arguments(["-c", text])
        .variables([("D", directory.as_os_str()), ("PATH", path.as_ref())])
        .directory(directory);
    stdio(program)
}

pub(crate) fn stdio(program: Program) -> StdioServer {
    StdioServer {
        program,
        guard: Guard::program(env!("CARGO_BIN_EXE_synapse-hub-guard")),
        introduction: introduction(Eras::Both),
        caps: Caps::default(),
        start: AMPLE,
        cleaner: Arc::new(str::to_owned),
        log: None,
    }
}

/// The program or script named in `variable` by `cargo xtask test`.
pub(crate) fn installed(variable: &str) -> PathBuf {
    #[expect(
        clippy::disallowed_methods,
        reason = "how xtask tells where it installed what the tests need"
    )]
    let path = std::env::var_os(variable);
    let Some(path) = path else {
        panic!(
            "{variable} is not set: run `cargo xtask test`, or first `eval \"$(cargo xtask third-party)\"`"
        );
    };
    PathBuf::from(path)
}

/// Waits until `holds`, and panics with `what` after a long time.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waited = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(AMPLE, waited).await.is_ok(), "{what}");
}

/// Whether a process runs. A zombie does not.
pub(crate) fn runs(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
    stat.is_ok_and(|stat| {
        let (_, rest) = stat.rsplit_once(')').unwrap();
        !rest.trim_start().starts_with(['Z', 'X'])
    })
}

/// The processes whose ids are in the file `pids`.
pub(crate) fn recorded(directory: &Path) -> Vec<u32> {
    let text = std::fs::read_to_string(directory.join("pids")).unwrap_or_default();
    text.lines().map(|line| line.parse().unwrap()).collect()
}
