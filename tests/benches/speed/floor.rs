//! The baseline: a minimal program with the product's function for an IDE. It reads a line, sends
//! the prompt with raw reqwest on a new connection, and writes a line. No abstraction, error
//! handling, ledger or network gate.

use std::io::{BufRead as _, Write as _};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};

/// When the baseline creates its HTTP client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    /// At start, with the system's root certificates: the straightforward program.
    AtStart,
    /// On first use and for plain http only: the minimal start.
    OnUse,
}

impl Client {
    /// Its command-line spelling.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::AtStart => "at-start",
            Self::OnUse => "on-use",
        }
    }
}

/// Serves one client until its input ends, sending prompts to `base` with `key`.
pub(crate) fn serve(base: &str, key: &str, when: &str) {
    let runtime = runtime();
    let mut client = (when == Client::AtStart.word()).then(trusting_the_system);
    let mut output = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let result = match request["method"].as_str() {
            Some("initialize") => initialized(),
            Some("tools/call") => {
                let client = client.get_or_insert_with(for_plain_http);
                runtime.block_on(call(client, base, key, &request))
            }
            _ => continue,
        };
        let reply = json!({"jsonrpc": "2.0", "id": request["id"], "result": result});
        writeln!(output, "{reply}").unwrap();
        output.flush().unwrap();
    }
}

/// The same for a client that does not wait for an answer before it asks again.
pub(crate) fn serve_many(base: &str, key: &str) {
    let client = trusting_the_system();
    let (lines, mut asked) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            lines.send(line.unwrap()).unwrap();
        }
    });
    runtime().block_on(async {
        let mut calls = tokio::task::JoinSet::new();
        while let Some(line) = asked.recv().await {
            let request: Value = serde_json::from_str(&line).unwrap();
            let (client, base, key) = (client.clone(), base.to_owned(), key.to_owned());
            calls.spawn(async move {
                let result = match request["method"].as_str() {
                    Some("initialize") => initialized(),
                    _ => call(&client, &base, &key, &request).await,
                };
                let reply = json!({"jsonrpc": "2.0", "id": request["id"], "result": result});
                let mut output = std::io::stdout().lock();
                writeln!(output, "{reply}").unwrap();
                output.flush().unwrap();
            });
            while calls.try_join_next().is_some() {}
        }
        while calls.join_next().await.is_some() {}
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

fn initialized() -> Value {
    json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "floor", "version": "1.0.0"},
    })
}

async fn call(client: &reqwest::Client, base: &str, key: &str, request: &Value) -> Value {
    let prompt = &request["params"]["arguments"]["prompt"];
    let body = json!({
        "model": synapse_testkit::provider_doubles::OpenAiDouble::MODEL,
        "messages": [{"role": "user", "content": prompt}],
        "stream": false,
    });
    let sending = client
        .post(format!("{base}/chat/completions"))
        .bearer_auth(key)
        .header("content-type", "application/json")
        .body(body.to_string())
        .send();
    let answer = sending.await.unwrap().text().await.unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let text = &answer["choices"][0]["message"]["content"];
    json!({"content": [{"type": "text", "text": text}]})
}

pub(crate) fn trusting_the_system() -> reqwest::Client {
    ring::default_provider().install_default().unwrap();
    builder().build().unwrap()
}

fn for_plain_http() -> reqwest::Client {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    builder().tls_backend_preconfigured(tls).build().unwrap()
}

/// Without connection reuse, like the product.
fn builder() -> reqwest::ClientBuilder {
    #[expect(
        clippy::disallowed_methods,
        reason = "what the product's one client is measured against"
    )]
    let builder = reqwest::Client::builder();
    builder.no_proxy().pool_max_idle_per_host(0)
}
