//! Third-party servers: the reference servers and those of the official Python SDKs.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Value, json};
use synapse_hub::transport::StdioConversation;
use synapse_mcp::client::{
    CallError, ClientHandler, Conversation, Eras, ListCaps, Negotiation, Outgoing, RpcError,
    list_all,
};
use synapse_mcp::host::ProgressReporter;
use synapse_mcp::{Era, JsonObject};
use synapse_process::{Guard, Program, Running};

use crate::support::{AMPLE, call, http, installed, object, runs, stdio, until};

fn node(script: &str, arguments: &[&str], directory: &Path) -> Program {
    let script = installed("SYNAPSE_TEST_MCP_SERVERS")
        .join("node_modules/@modelcontextprotocol")
        .join(script);
    Program::new(installed("SYNAPSE_TEST_NODE"))
        .arguments([script.into_os_string()])
        .arguments(arguments.iter().copied())
        .directory(directory)
}

fn python(version: u8, arguments: &[&str]) -> Program {
    let variable = format!("SYNAPSE_TEST_MCP_PYTHON_{version}");
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!(
        "../../tests/third-party/mcp-python-{version}/server.py"
    ));
    Program::new(installed(&variable))
        .arguments([script.into_os_string()])
        .arguments(arguments.iter().copied())
        .variables([("PATH", "/usr/bin:/bin"), ("PYTHONDONTWRITEBYTECODE", "1")])
}

async fn tools(conversation: &dyn Conversation) -> Vec<String> {
    let list = Outgoing::within("tools/list", AMPLE);
    let tools = list_all(conversation, list, "tools", ListCaps::default())
        .await
        .unwrap();
    tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap().to_owned())
        .collect()
}

fn text(result: &JsonObject) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

/// Answers every server request with a name, and records notifications.
#[derive(Default)]
struct Person(Mutex<Vec<String>>);

#[async_trait]
impl ClientHandler for Person {
    async fn ask(&self, method: &str, _: JsonObject) -> Result<Value, RpcError> {
        self.0.lock().unwrap().push(method.to_owned());
        match method {
            "elicitation/create" => Ok(json!({"action": "accept", "content": {"name": "Ada"}})),
            "roots/list" => Ok(json!({"roots": []})),
            _ => Ok(
                json!({"role": "assistant", "model": "m", "content": {"type": "text", "text": "sampled"}}),
            ),
        }
    }

    fn heard(&self, method: &str, _: JsonObject) {
        self.0.lock().unwrap().push(method.to_owned());
    }
}

/// Starts a server on a port.
async fn listening(program: impl FnOnce(&str) -> Program) -> (url::Url, Running) {
    // Free a moment ago; nobody else requests ephemeral ports by number.
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let guard = Guard::program(env!("CARGO_BIN_EXE_synapse-hub-guard"));
    let mut running = program(&port.to_string()).start(&guard).await.unwrap();
    let (output, errors) = running.outputs();
    for pipe in [output, errors].into_iter().flatten() {
        tokio::spawn(async move {
            let mut pipe = pipe;
            tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await
        });
    }
    until("the server listens", || {
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
    })
    .await;
    (
        format!("http://127.0.0.1:{port}/mcp").parse().unwrap(),
        running,
    )
}

async fn everything(capabilities: Value) -> (StdioConversation, Arc<Person>) {
    let person = Arc::new(Person::default());
    let mut server = stdio(node(
        "server-everything/dist/index.js",
        &["stdio"],
        Path::new("/tmp"),
    ));
    server.introduction.capabilities = object(capabilities);
    server.introduction.standing = Some(Arc::clone(&person) as _);
    (server.open().await.unwrap(), person)
}

#[tokio::test]
async fn everything_over_stdio() {
    let (conversation, _) = everything(json!({})).await;
    let hello = conversation.hello();
    assert_eq!(hello.negotiation, Negotiation::Refused(-32601));
    assert!(hello.instructions.is_some());
    assert_eq!(tools(&conversation).await.len(), 13);
    let echo = conversation
        .request(call("echo", json!({"message": "hi"})))
        .await
        .unwrap();
    assert_eq!(text(&echo), "Echo: hi");
    let outcome = conversation
        .request(Outgoing::within("no/such", AMPLE))
        .await;
    assert!(matches!(outcome, Err(CallError::Rpc(error)) if error.code == -32601));
    let process = conversation.process().id().unwrap();
    conversation.close().await;
    assert!(!runs(process));
}

/// An early `initialized` or missing capabilities would hide these tools.
#[tokio::test]
async fn everything_offers_its_conditional_tools() {
    let all = json!({"roots": {"listChanged": true}, "sampling": {}, "elicitation": {"form": {}}});
    let (conversation, person) = everything(all).await;
    // They arrive after the first notifications.
    let mut found = Vec::new();
    for _ in 0..200 {
        found = tools(&conversation).await;
        if found.len() == 16 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(found.len(), 16, "{found:?}");
    let heard = person.0.lock().unwrap().clone();
    assert!(
        heard.contains(&"notifications/tools/list_changed".to_owned()),
        "{heard:?}"
    );

    let mut sample = call(
        "trigger-sampling-request",
        json!({"prompt": "hi", "maxTokens": 5}),
    );
    sample.questions = Some(Arc::clone(&person) as _);
    let result = conversation.request(sample).await.unwrap();
    assert!(json!(result).to_string().contains("sampled"), "{result:?}");

    let reports: Arc<Mutex<Vec<JsonObject>>> = Arc::default();
    let sink = Arc::clone(&reports);
    let mut long = call(
        "trigger-long-running-operation",
        json!({"duration": 1, "steps": 4}),
    );
    long.progress = Some(ProgressReporter::new(json!("t"), move |params| {
        sink.lock().unwrap().push(params);
    }));
    conversation.request(long).await.unwrap();
    assert!(!reports.lock().unwrap().is_empty());
    conversation.close().await;
}

#[tokio::test]
async fn everything_over_http() {
    let (url, _running) = listening(|port| {
        node(
            "server-everything/dist/index.js",
            &["streamableHttp"],
            Path::new("/tmp"),
        )
        .variables([("PORT", port)])
    })
    .await;
    let person = Arc::new(Person::default());
    let mut entry = http(url, Eras::Both);
    entry.introduction.capabilities = object(json!({"sampling": {}, "elicitation": {}}));
    entry.introduction.standing = Some(Arc::clone(&person) as _);
    let conversation = entry.open().await.unwrap();
    assert_eq!(conversation.hello().revision.era(), Era::Legacy);
    let echo = conversation
        .request(call("echo", json!({"message": "hi"})))
        .await
        .unwrap();
    assert_eq!(text(&echo), "Echo: hi");
    let mut sample = call(
        "trigger-sampling-request",
        json!({"prompt": "hi", "maxTokens": 5}),
    );
    sample.questions = Some(Arc::clone(&person) as _);
    let result = conversation.request(sample).await.unwrap();
    assert!(json!(result).to_string().contains("sampled"), "{result:?}");
    conversation.close().await;
}

#[tokio::test]
async fn filesystem_over_stdio() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::File::create(directory.path().join("here.txt")).unwrap();
    let path = directory.path().canonicalize().unwrap();
    let path = path.to_str().unwrap();
    let server = stdio(node(
        "server-filesystem/dist/index.js",
        &[path],
        Path::new("/tmp"),
    ));
    let conversation = server.open().await.unwrap();
    assert_eq!(tools(&conversation).await.len(), 14);
    let listed = conversation
        .request(call("list_directory", json!({"path": path})))
        .await
        .unwrap();
    assert!(text(&listed).contains("here.txt"));
    let refused = conversation
        .request(call("list_directory", json!({"path": "/etc"})))
        .await
        .unwrap();
    assert_eq!(refused["isError"], true);
    conversation.close().await;
}

/// Behaviour shared by both versions of the Python SDK.
async fn speaks(conversation: &dyn Conversation) {
    let echo = conversation
        .request(call("echo", json!({"text": "ünïcode"})))
        .await
        .unwrap();
    assert_eq!(text(&echo), "ünïcode");
    let reports: Arc<Mutex<Vec<Value>>> = Arc::default();
    let sink = Arc::clone(&reports);
    let mut count = call("count", json!({}));
    count.progress = Some(ProgressReporter::new(json!("t"), move |params| {
        sink.lock().unwrap().push(params["message"].clone());
    }));
    conversation.request(count).await.unwrap();
    assert_eq!(*reports.lock().unwrap(), ["step 0", "step 1", "step 2"]);
    let mut read = Outgoing::within("resources/read", AMPLE);
    read.params = object(json!({"uri": "note://a"}));
    assert_eq!(
        conversation.request(read).await.unwrap()["contents"][0]["text"],
        "note a"
    );
}

/// Exercises a server request on any transport.
async fn greets(conversation: &dyn Conversation) {
    let mut greet = call("greet", json!({}));
    greet.questions = Some(Arc::new(Person::default()));
    assert_eq!(
        text(&conversation.request(greet).await.unwrap()),
        "Hello, Ada"
    );
}

#[tokio::test]
async fn python_1_over_stdio() {
    let mut server = stdio(python(1, &["stdio"]));
    server.introduction.capabilities = object(json!({"elicitation": {"form": {}}}));
    let conversation = server.open().await.unwrap();
    assert_eq!(conversation.hello().revision.era(), Era::Legacy);
    speaks(&conversation).await;
    greets(&conversation).await;
    conversation.close().await;
}

#[tokio::test]
async fn python_1_over_http() {
    let (url, _running) = listening(|port| python(1, &["streamable-http", port])).await;
    let mut entry = http(url, Eras::Both);
    entry.introduction.capabilities = object(json!({"elicitation": {"form": {}}}));
    let conversation = entry.open().await.unwrap();
    assert_eq!(conversation.hello().revision.era(), Era::Legacy);
    speaks(&conversation).await;
    greets(&conversation).await;
    conversation.close().await;
}

#[tokio::test]
async fn python_2_over_stdio_in_each_era() {
    for (eras, expected) in [
        (Eras::Both, Era::Modern),
        (Eras::Legacy, Era::Legacy),
        (Eras::Modern, Era::Modern),
    ] {
        let mut server = stdio(python(2, &["stdio"]));
        server.introduction.eras = eras;
        let conversation = server.open().await.unwrap();
        assert_eq!(conversation.hello().revision.era(), expected);
        speaks(&conversation).await;
        conversation.close().await;
    }
}

#[tokio::test]
async fn python_2_over_http_in_each_era() {
    let (url, _running) = listening(|port| python(2, &["streamable-http", port])).await;
    for (eras, expected) in [(Eras::Both, Era::Modern), (Eras::Legacy, Era::Legacy)] {
        let conversation = http(url.clone(), eras).open().await.unwrap();
        assert_eq!(conversation.hello().revision.era(), expected);
        speaks(&conversation).await;
        conversation.close().await;
    }
}
