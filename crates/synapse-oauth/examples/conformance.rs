//! A client that the official conformance suite of MCP drives through its scenarios of authorization:
//! it connects, logs in by itself where it is asked to, and calls every tool.
//!
//! `conformance client --command target/debug/examples/conformance --scenario auth/…`

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::panic,
    reason = "a program of the tests, which fails by panicking"
)]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::{Value, json};
use synapse_core::ports::{BrowserOpener, Clock, OAuthRecorder, TokenSource as _};
use synapse_core::time::Timestamp;
use synapse_core::upstream::{OAuthEvent, UpstreamName};
use synapse_core::{Code, Failure, NetworkGate, NetworkPermit, Origin, Remedy};
use synapse_http::{HttpClient, HttpConfig, HttpRequest, HttpResponse, Method};
use synapse_oauth::{
    Decision, Demand, Dialogue, LoginRequest, LoginSettings, Look, News, OAuth, Proposal,
    Registering, Tokens, Way,
};
use url::Url;

#[path = "../tests/it/support/store.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod store;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url: Url = std::env::args().next_back().unwrap().parse().unwrap();
    let client = Client::new(url);
    if client.is_modern {
        return client.call_all().await;
    }
    let begun = client.call(
        "initialize",
        json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "synapse-conformance", "version": "1.0.0"},
        }),
    );
    begun.await;
    client.notify("notifications/initialized").await;
    client.call_all().await;
}

struct Client {
    http: HttpClient,
    url: Url,
    permit: NetworkPermit,
    server: UpstreamName,
    oauth: OAuth,
    tokens: Tokens,
    settings: LoginSettings,
    session: std::sync::Mutex<Option<String>>,
    /// Whether revision 2026-07-28 is spoken: without sessions and greetings.
    is_modern: bool,
}

impl Client {
    fn new(url: Url) -> Self {
        let told = |name: &str| {
            #[expect(clippy::disallowed_methods, reason = "how the suite tells its client")]
            std::env::var(name).ok()
        };
        let context: Value = told("MCP_CONFORMANCE_CONTEXT")
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        let text = |name: &str| context[name].as_str().map(ToOwned::to_owned);
        let scenario = told("MCP_CONFORMANCE_SCENARIO").unwrap_or_default();
        let document = "https://conformance-test.local/client-metadata.json";
        let oauth = OAuth::new(
            HttpConfig::default(),
            Arc::new(store::MemoryTokens::default()),
            Arc::new(System),
            Arc::new(Nobody),
        );
        Self {
            http: HttpClient::new(HttpConfig::default()),
            permit: NetworkGate::Open.permit([Origin::of(&url)]).unwrap(),
            server: "suite".parse().unwrap(),
            tokens: Tokens::new(oauth.clone(), "home"),
            oauth,
            settings: LoginSettings {
                client_id: text("client_id"),
                client_secret: text("client_secret").map(SecretString::from),
                client_metadata_url: scenario.contains("cimd").then(|| document.to_owned()),
                ..LoginSettings::default()
            },
            url,
            session: std::sync::Mutex::default(),
            is_modern: told("MCP_CONFORMANCE_PROTOCOL_VERSION").as_deref() == Some(MODERN),
        }
    }

    async fn call_all(&self) {
        let listed = self.call("tools/list", json!({})).await;
        for tool in listed["tools"].as_array().into_iter().flatten() {
            let params = json!({"name": tool["name"], "arguments": {}});
            self.call("tools/call", params).await;
        }
    }

    async fn notify(&self, method: &str) {
        let message = json!({"jsonrpc": "2.0", "method": method});
        self.send(&message).await.unwrap();
    }

    /// Calls, and logs in at most twice for one call.
    async fn call(&self, method: &str, mut params: Value) -> Value {
        if self.is_modern {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientInfo": {"name": "synapse-conformance", "version": "1.0.0"},
                "io.modelcontextprotocol/clientCapabilities": {},
            });
        }
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        for attempt in 0..3 {
            let failure = match self.send(&message).await {
                Ok(answer) => return result(&answer),
                Err(failure) => failure,
            };
            eprintln!("{method}: {failure:?}");
            if attempt == 2 {
                break;
            }
            let scopes = match failure.code {
                Code::OauthScope => scopes_of(&failure),
                _ => Vec::new(),
            };
            if let Err(failure) = self.log_in(scopes).await {
                panic!("the login failed: {failure:?}");
            }
        }
        panic!("{method} was refused three times");
    }

    async fn send(&self, message: &Value) -> Result<HttpResponse, Failure> {
        let token = self
            .tokens
            .token(&self.permit, &self.server, &self.url)
            .await?;
        let session = self.session.lock().unwrap().clone();
        let mut request = HttpRequest::new(Method::Post, self.url.clone(), PATIENCE)
            .header("accept", "application/json, text/event-stream")
            .header(
                "mcp-protocol-version",
                if self.is_modern { MODERN } else { "2025-11-25" },
            )
            .json(message.to_string().into_bytes());
        let name = message["params"]["name"].as_str();
        if self.is_modern {
            request = request.header("mcp-method", message["method"].as_str().unwrap());
        }
        if let (true, Some(name)) = (self.is_modern, name) {
            request = request.header("mcp-name", name);
        }
        if let Some(session) = &session {
            request = request.header("mcp-session-id", session);
        }
        if let Some(token) = &token {
            request = request.bearer(token);
        }
        let answer = self.http.send(&self.permit, request).await.unwrap();
        if let Some(session) = answer.headers.text("mcp-session-id") {
            *self.session.lock().unwrap() = Some(session.to_owned());
        }
        if !matches!(answer.status, 401 | 403) {
            return Ok(answer);
        }
        let challenges: Vec<String> = answer
            .headers
            .all("www-authenticate")
            .map(ToOwned::to_owned)
            .collect();
        let demand = Demand::read(challenges.iter().map(String::as_str));
        eprintln!("{} {demand:?}", answer.status);
        let (server, url) = (&self.server, &self.url);
        let sent = token.as_ref();
        Err(self
            .tokens
            .refused(server, url, sent, answer.status, &challenges)
            .await)
    }

    async fn log_in(&self, scopes: Vec<String>) -> Result<(), Failure> {
        let request = LoginRequest {
            config: "home",
            server: &self.server,
            url: &self.url,
            permit: &self.permit,
            settings: self.settings.clone(),
            scopes,
            registering: Registering::Allowed,
            port: None,
            way: Way::Browser(&Visitor),
            // The suite counts each request for the authorization URL as an attempt.
            look: Look::Never,
        };
        self.oauth.log_in(&request, &Agreeing).await.map(drop)
    }
}

/// The result in an answer of JSON or of events.
fn result(answer: &HttpResponse) -> Value {
    let text = String::from_utf8_lossy(&answer.body);
    let json = text
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .next_back()
        .unwrap_or(&text);
    let message: Value = serde_json::from_str(json.trim()).unwrap_or_default();
    message["result"].clone()
}

/// The scopes that the hint names.
fn scopes_of(failure: &Failure) -> Vec<String> {
    let named = failure.hints.iter().find_map(|hint| match &hint.remedy {
        Some(Remedy::LogIn { scopes, .. }) => Some(scopes.clone()),
        _ => None,
    });
    named.unwrap_or_default()
}

/// Agrees to everything.
struct Agreeing;

#[async_trait]
impl Dialogue for Agreeing {
    fn tell(&self, news: &News<'_>) {
        eprintln!("{news:?}");
    }

    async fn confirm(&self, _proposal: &Proposal) -> Result<Decision, Failure> {
        Ok(Decision::Agreed)
    }

    async fn paste(&self) -> Result<SecretString, Failure> {
        panic!("nothing is pasted here");
    }
}

/// Goes to the address and where it leads, on a thread of its own.
#[derive(Debug)]
struct Visitor;

#[async_trait]
impl BrowserOpener for Visitor {
    async fn open(&self, url: &Url) -> Result<(), Failure> {
        let url = url.clone();
        std::thread::spawn(move || {
            let head = get(&url);
            let location = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("location")
                    .then(|| value.trim().to_owned())
            });
            get(&url.join(&location.unwrap()).unwrap());
        });
        Ok(())
    }
}

fn get(url: &Url) -> String {
    let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let mut stream = TcpStream::connect(&host).unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[derive(Debug)]
struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        let now = std::time::SystemTime::now();
        let since = now.duration_since(std::time::UNIX_EPOCH).unwrap();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

#[derive(Debug)]
struct Nobody;

#[async_trait]
impl OAuthRecorder for Nobody {
    async fn record(&self, _event: &OAuthEvent) {}
}

const MODERN: &str = "2026-07-28";
const PATIENCE: Duration = Duration::from_secs(20);
