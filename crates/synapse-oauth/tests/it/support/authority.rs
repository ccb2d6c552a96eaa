//! A protected server and its authorization server on one port; follow the specification by
//! default, and issue distinguishable tokens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use synapse_testkit::raw::{RawServer, RecordedRequest, Reply};
use url::{Url, form_urlencoded};

/// The double's behaviour. Correct by default.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conduct {
    /// Replacement answers by path.
    pub(crate) instead: BTreeMap<String, Reply>,
    /// Changes to the resource metadata; null removes a member.
    pub(crate) resource: Value,
    /// Changes to the authorization server metadata.
    pub(crate) server: Value,
    /// The `WWW-Authenticate` of the server; `ORIGIN` is its origin.
    pub(crate) challenge: Option<String>,
    /// Changes to the token answer.
    pub(crate) token: Value,
    /// Whether the handshake is public, in a session.
    pub(crate) greeting: bool,
    /// Whether refresh tokens are single use, with reuse revoking the login.
    pub(crate) rotating: bool,
    /// Number of device polls answered with `authorization_pending`, and with `slow_down`.
    pub(crate) pending: usize,
    pub(crate) slow_down: usize,
}

#[derive(Debug)]
pub(crate) struct Authority {
    server: RawServer,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    conduct: Mutex<Conduct>,
    base: OnceLock<Url>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    issued: usize,
    /// The request of each code.
    codes: BTreeMap<String, BTreeMap<String, String>>,
    access: BTreeSet<String>,
    refresh: BTreeSet<String>,
    spent: BTreeSet<String>,
    devices: BTreeMap<String, bool>,
    polls: usize,
    registered: Vec<Value>,
}

impl Authority {
    pub(crate) fn start(conduct: Conduct) -> Self {
        let shared = Arc::new(Shared {
            conduct: Mutex::new(conduct),
            base: OnceLock::new(),
            state: Mutex::default(),
        });
        let server = RawServer::start({
            let shared = shared.clone();
            move |request| shared.answer(request)
        });
        shared.base.set(server.url("/")).unwrap();
        Self { server, shared }
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        self.server.url(path)
    }

    pub(crate) fn issuer(&self) -> String {
        self.shared.origin()
    }

    /// Changes its behaviour.
    pub(crate) fn now(&self, change: impl FnOnce(&mut Conduct)) {
        change(&mut self.shared.conduct.lock().unwrap());
    }

    /// The requests for `path`.
    pub(crate) fn requests(&self, path: &str) -> Vec<RecordedRequest> {
        let all = self.server.requests().into_iter();
        all.filter(|request| request.path() == path).collect()
    }

    /// The requested paths, in order.
    pub(crate) fn paths(&self) -> Vec<String> {
        let all = self.server.requests().into_iter();
        all.map(|request| request.path().to_owned()).collect()
    }

    /// The forms sent to the token endpoint.
    pub(crate) fn forms(&self) -> Vec<BTreeMap<String, String>> {
        self.requests("/token").iter().map(form).collect()
    }

    /// The final URL of a browser whose user logged in at `visited`.
    pub(crate) fn logged_in(&self, visited: &Url) -> Url {
        let query: BTreeMap<String, String> = visited.query_pairs().into_owned().collect();
        let code = self.shared.new_token("code");
        let mut end: Url = query["redirect_uri"].parse().unwrap();
        end.query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", &query["state"])
            .append_pair("iss", &self.issuer());
        self.shared.state.lock().unwrap().codes.insert(code, query);
        end
    }

    /// Whether the server accepts this token.
    pub(crate) fn takes(&self, token: &str) -> bool {
        self.shared.state.lock().unwrap().access.contains(token)
    }

    pub(crate) fn confirm_device(&self, user_code: &str) {
        let mut state = self.shared.state.lock().unwrap();
        state.devices.insert(user_code.to_owned(), true);
    }

    pub(crate) fn registered(&self) -> Vec<Value> {
        self.shared.state.lock().unwrap().registered.clone()
    }
}

impl Shared {
    fn origin(&self) -> String {
        let base = self.base.get().unwrap().as_str();
        base.trim_end_matches('/').to_owned()
    }

    fn new_token(&self, kind: &str) -> String {
        let mut state = self.state.lock().unwrap();
        state.issued += 1;
        format!("fake-{kind}-{:08}", state.issued)
    }

    fn answer(&self, request: &RecordedRequest) -> Reply {
        let conduct = self.conduct.lock().unwrap().clone();
        if let Some(reply) = conduct.instead.get(request.path()) {
            return reply.clone();
        }
        match request.path() {
            "/mcp" => self.protected(request, &conduct),
            "/.well-known/oauth-protected-resource/mcp" => {
                let document = json!({
                    "resource": format!("{}/mcp", self.origin()),
                    "authorization_servers": [self.origin()],
                    "scopes_supported": ["read-mcp", "jobs"],
                });
                json_of(200, &merged(document, &conduct.resource))
            }
            "/.well-known/oauth-authorization-server" => self.metadata(&conduct),
            "/authorize" => Self::page(request),
            "/token" => self.token(&form(request), &conduct),
            "/register" => self.register(request),
            "/device" => self.device(),
            _ => Reply::typed(404, "text/html", "<p>not here</p>"),
        }
    }

    fn protected(&self, request: &RecordedRequest, conduct: &Conduct) -> Reply {
        let bearer = request.header("authorization").unwrap_or_default();
        let bearer = bearer.strip_prefix("Bearer ").unwrap_or_default();
        if self.state.lock().unwrap().access.contains(bearer) {
            return json_of(200, &json!({"jsonrpc": "2.0", "id": 1, "result": {}}));
        }
        if conduct.greeting && request.json()["method"] == "initialize" {
            let greeting = json!({"jsonrpc": "2.0", "id": 1, "result": {}});
            return json_of(200, &greeting).header("mcp-session-id", "fake-session");
        }
        let challenge = conduct.challenge.clone().unwrap_or_else(|| {
            "Bearer resource_metadata=\"ORIGIN/.well-known/oauth-protected-resource/mcp\""
                .to_owned()
        });
        // Hugging Face answers with text.
        Reply::typed(401, "text/html", "Unauthorized").header(
            "www-authenticate",
            &challenge.replace("ORIGIN", &self.origin()),
        )
    }

    fn metadata(&self, conduct: &Conduct) -> Reply {
        let origin = self.origin();
        let document = json!({
            "issuer": origin,
            "authorization_endpoint": format!("{origin}/authorize"),
            "token_endpoint": format!("{origin}/token"),
            "registration_endpoint": format!("{origin}/register"),
            "device_authorization_endpoint": format!("{origin}/device"),
            "code_challenge_methods_supported": ["plain", "S256"],
            "client_id_metadata_document_supported": true,
            "authorization_response_iss_parameter_supported": true,
            "token_endpoint_auth_methods_supported": ["none", "client_secret_basic"],
        });
        json_of(200, &merged(document, &conduct.server))
    }

    /// The page of Hugging Face for registered redirects.
    fn page(request: &RecordedRequest) -> Reply {
        let query = request
            .target()
            .split_once('?')
            .map_or("", |(_, query)| query);
        let query: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        if query
            .get("client_id")
            .is_some_and(|id| id == "unregistered")
        {
            return Reply::typed(400, "text/html", "<p>error</p>").header(
                "x-error-message",
                "Invalid redirect_uri, must be one of the registered redirect_uris for this client_id",
            );
        }
        Reply::typed(200, "text/html", "<form>log in</form>")
    }

    fn token(&self, form: &BTreeMap<String, String>, conduct: &Conduct) -> Reply {
        let refused = |error: &str| json_of(400, &json!({"error": error}));
        match form.get("grant_type").map(String::as_str) {
            Some("authorization_code") => {
                let code = form.get("code").cloned().unwrap_or_default();
                let Some(begun) = self.state.lock().unwrap().codes.remove(&code) else {
                    return refused("invalid_grant");
                };
                let verifier = form.get("code_verifier").cloned().unwrap_or_default();
                let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
                let same = |name: &str| begun.get(name) == form.get(name);
                if begun.get("code_challenge") != Some(&challenge)
                    || !["redirect_uri", "client_id", "resource"]
                        .into_iter()
                        .all(same)
                {
                    return refused("invalid_grant");
                }
            }
            Some("refresh_token") => {
                let given = form.get("refresh_token").cloned().unwrap_or_default();
                let mut state = self.state.lock().unwrap();
                if state.spent.contains(&given) {
                    // Reuse indicates a copied token, so the login is revoked.
                    state.refresh.clear();
                    state.access.clear();
                    return refused("invalid_grant");
                }
                if !state.refresh.contains(&given) {
                    return refused("invalid_grant");
                }
                if conduct.rotating {
                    state.refresh.remove(&given);
                    state.spent.insert(given);
                }
            }
            Some("urn:ietf:params:oauth:grant-type:device_code") => {
                let mut state = self.state.lock().unwrap();
                state.polls += 1;
                if state.polls <= conduct.slow_down {
                    return refused("slow_down");
                }
                if state.polls <= conduct.slow_down + conduct.pending {
                    return refused("authorization_pending");
                }
                if !state.devices.contains_key("WXYZ-1234") {
                    return refused("authorization_pending");
                }
            }
            _ => return refused("unsupported_grant_type"),
        }
        let (access, refresh) = (self.new_token("access"), self.new_token("refresh"));
        let mut answer = json!({
            "access_token": access,
            "token_type": "BeArEr",
            "expires_in": 3600,
            "scope": "read-mcp jobs",
        });
        {
            let mut state = self.state.lock().unwrap();
            state.access.insert(access);
            if conduct.rotating || state.refresh.is_empty() {
                answer["refresh_token"] = json!(refresh);
                state.refresh.insert(refresh);
            }
        }
        json_of(200, &merged(answer, &conduct.token))
    }

    fn register(&self, request: &RecordedRequest) -> Reply {
        let mut client = request.json();
        self.state.lock().unwrap().registered.push(client.clone());
        client["client_id"] = json!(self.new_token("client"));
        json_of(201, &client)
    }

    fn device(&self) -> Reply {
        let answer = json!({
            "device_code": self.new_token("device"),
            "user_code": "WXYZ-1234",
            "verification_uri": format!("{}/confirm", self.origin()),
            "expires_in": 300,
        });
        json_of(200, &answer)
    }
}

fn form(request: &RecordedRequest) -> BTreeMap<String, String> {
    form_urlencoded::parse(&request.body).into_owned().collect()
}

fn json_of(status: u16, value: &Value) -> Reply {
    Reply::json(status, value.to_string())
}

fn merged(mut document: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().into_iter().flatten() {
        match value {
            Value::Null => drop(document.as_object_mut().unwrap().remove(name)),
            value => document[name] = value.clone(),
        }
    }
    document
}
