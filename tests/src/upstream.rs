//! An upstream MCP server over HTTP with a token endpoint. Refresh tokens rotate without leeway, and
//! reusing one revokes the login.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};
use synapse_core::ports::TokenStore as _;
use synapse_core::time::Timestamp;
use synapse_core::upstream::{
    AuthMethod, OAuthClient, RecordKey, RegistrationKind, TokenRecord, TokenState,
};
use synapse_secrets::TokenRecords;
use synapse_testkit::raw::{RawServer, RecordedRequest, Reply};
use url::Url;

use crate::Home;

/// See the module.
#[derive(Debug)]
pub struct HttpUpstream {
    server: RawServer,
    grant: Arc<Mutex<Grant>>,
}

/// The authorization server's view of the login.
#[derive(Debug, Default)]
struct Grant {
    generation: usize,
    is_dead: bool,
    refreshes: usize,
}

impl HttpUpstream {
    /// Starts it. The token endpoint takes `delay` to answer.
    #[must_use]
    pub fn start(delay: Duration) -> Self {
        let grant = Arc::<Mutex<Grant>>::default();
        let shared = Arc::clone(&grant);
        let server = RawServer::start(move |request| match request.path() {
            "/token" => {
                std::thread::sleep(delay);
                refresh(&mut shared.lock().expect("no thread panics"), request)
            }
            _ => answer(request),
        });
        Self { server, grant }
    }

    /// The URL of the MCP server.
    #[must_use]
    pub fn url(&self) -> Url {
        self.server.url("/mcp")
    }

    /// How many refreshes were granted.
    ///
    /// # Panics
    /// When a thread of the server panicked.
    #[must_use]
    pub fn refreshes(&self) -> usize {
        self.grant.lock().expect("no thread panics").refreshes
    }

    /// The requests so far that called a tool.
    #[must_use]
    pub fn calls(&self) -> Vec<RecordedRequest> {
        let requests = self.server.requests();
        let is_call = |request: &RecordedRequest| {
            request.path() == "/mcp" && method(request).as_deref() == Some("tools/call")
        };
        requests.into_iter().filter(is_call).collect()
    }

    /// Stores the login of `server`, whose access token ends at `end`.
    ///
    /// # Panics
    /// When it cannot be stored.
    pub fn log_in(&self, home: &Home, server: &str, end: Timestamp) {
        let generation = self.grant.lock().expect("no thread panics").generation;
        let records = TokenRecords::open(synapse_home::Home::new(home.synapse()));
        let key = RecordKey {
            config: "home".to_owned(),
            server: server.parse().expect("a name"),
            url: self.url(),
            issuer: self.server.url("/").to_string(),
        };
        let record = TokenRecord {
            generation: 1,
            state: TokenState::Usable,
            client: OAuthClient {
                id: "client".to_owned(),
                secret: None,
                kind: RegistrationKind::Configured,
                redirect_uri: None,
                auth_method: AuthMethod::None,
            },
            token_endpoint: self.server.url("/token"),
            resource: None,
            access: Some(access(generation).into()),
            refresh: Some(refresh_token(generation).into()),
            scopes: Vec::new(),
            expires_at: Some(end),
            obtained_at: Timestamp::from_millis(0),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let records = records.expect("records");
            let mut transaction = records.begin(&key).await.expect("a lock");
            let before = transaction.load().await.expect("a record");
            let before = before.map(|record| record.generation);
            let record = TokenRecord {
                generation: before.unwrap_or_default() + 1,
                ..record
            };
            let kept = transaction.keep(before, &record).await;
            kept.expect("the record is kept");
        });
    }
}

fn access(generation: usize) -> String {
    format!("fake-access-{generation}")
}

fn refresh_token(generation: usize) -> String {
    format!("fake-refresh-{generation}")
}

fn refresh(grant: &mut Grant, request: &RecordedRequest) -> Reply {
    let form = String::from_utf8_lossy(&request.body).into_owned();
    let expected = format!("refresh_token={}", refresh_token(grant.generation));
    if grant.is_dead || !form.split('&').any(|pair| pair == expected) {
        grant.is_dead = true;
        return Reply::json(400, r#"{"error":"invalid_grant"}"#);
    }
    grant.generation += 1;
    grant.refreshes += 1;
    let body = json!({
        "access_token": access(grant.generation),
        "refresh_token": refresh_token(grant.generation),
        "token_type": "Bearer",
        "expires_in": 3600,
    });
    Reply::json(200, body.to_string())
}

fn method(request: &RecordedRequest) -> Option<String> {
    let message: Value = serde_json::from_slice(&request.body).ok()?;
    Some(message["method"].as_str()?.to_owned())
}

/// Answers as an MCP server of the legacy era with one tool, `echo`.
#[must_use]
pub fn answer(request: &RecordedRequest) -> Reply {
    if request.method() != "POST" {
        return Reply::status(405);
    }
    let message: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let Some(id) = message.get("id") else {
        return Reply::status(202);
    };
    let tool = json!({
        "name": "echo",
        "description": "Gives its arguments back.",
        "inputSchema": {"type": "object"},
    });
    let result = match message["method"].as_str() {
        Some("initialize") => json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "http-upstream", "version": "1"},
        }),
        Some("tools/list") => json!({"tools": [tool]}),
        Some("tools/call") => json!({"content": [{"type": "text", "text": "here"}]}),
        _ => {
            let error = json!({"code": -32601, "message": "Method not found"});
            let reply = json!({"jsonrpc": "2.0", "id": id, "error": error});
            return Reply::json(200, reply.to_string());
        }
    };
    let reply = json!({"jsonrpc": "2.0", "id": id, "result": result});
    Reply::json(200, reply.to_string())
}
