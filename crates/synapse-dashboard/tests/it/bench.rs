//! A dashboard on a free port over in-memory ports, and a raw HTTP client.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use secrecy::SecretString;
use synapse_core::check::{Check, CheckId, Finding};
use synapse_core::credential::CredentialRef;
use synapse_core::engine::{Engine, Ports};
use synapse_core::error::{Code, Failure, Remedy, RemedyText};
use synapse_core::ports::{Kept, StoredConnection, Writing};
use synapse_core::{Draft, NetworkGate, Origin};
use synapse_dashboard::{
    About, AfterLogin, Approval, Dashboard, Difference, HubAction, HubDone, HubVerb, HubView,
    Listening, LoginAnswer, LoginDesk, LoginEnd, LoginOrder, LoginProposal, Piece, Program,
    Registering, SecretStoreState, ServerView, Snippet, Tone,
};
use synapse_documents::IdeClientView;
use synapse_testkit::ports::{
    FixedClock, FixedSecret, MemoryConnections, MemoryLedger, MemoryPrices, NamedRemedies,
    SequentialCallIds, StubProvider, StubProviders,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// A served dashboard and its doubles.
pub(crate) struct Bench {
    pub(crate) port: u16,
    pub(crate) token: String,
    pub(crate) ledger: Arc<MemoryLedger>,
    pub(crate) secrets: Arc<FixedSecret>,
    pub(crate) provider: Arc<StubProvider>,
    pub(crate) program: Arc<StubProgram>,
    pub(crate) clock: Arc<FixedClock>,
    stop: Option<oneshot::Sender<()>>,
    served: Option<tokio::task::JoinHandle<()>>,
}

/// A session: base path and cookie.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) base: String,
    pub(crate) cookie: String,
    pub(crate) csrf: String,
}

/// A raw response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

pub(crate) fn draft(gate: NetworkGate) -> Draft {
    Draft {
        provider: "openai".into(),
        model: "gpt-x".into(),
        credential: Some("file:/nowhere/key".into()),
        gate,
        ..Draft::default()
    }
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let url = url::Url::parse("https://api.openai.com/v1").unwrap();
        let provider = Arc::new(StubProvider::new(vec![Origin::of(&url)]));
        let ledger = Arc::new(MemoryLedger::new());
        let secrets = Arc::new(FixedSecret::new("fake-token"));
        let connections = MemoryConnections::new()
            .with("open", draft(NetworkGate::Open))
            .with("closed", draft(NetworkGate::Closed));
        let clock = Arc::new(FixedClock::default());
        let engine = Engine::new(Ports {
            connections: Arc::new(connections),
            providers: Arc::new(StubProviders::new(Arc::clone(&provider))),
            secrets: secrets.clone(),
            ledger: ledger.clone(),
            reader: ledger.clone(),
            prices: Arc::new(MemoryPrices::new()),
            clock: clock.clone(),
            call_ids: Arc::new(SequentialCallIds::new()),
            observers: synapse_core::ports::CallObservers::default(),
        });
        let listening = Listening::bind(0).await.unwrap();
        let port = listening.port();
        let program = Arc::new(StubProgram::default());
        let dashboard = Dashboard::new(engine, program.clone(), listening).unwrap();
        let token = dashboard.address().rsplit('/').next().unwrap().to_owned();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(dashboard.serve(async { drop(stopped.await) }));
        Self {
            port,
            token,
            ledger,
            secrets,
            provider,
            program,
            clock,
            stop: Some(stop),
            served: Some(served),
        }
    }

    /// Stops the server and waits for its end.
    pub(crate) async fn end(mut self) {
        drop(self.stop.take());
        self.served.take().unwrap().await.unwrap();
    }

    pub(crate) fn stop(&mut self) -> tokio::task::JoinHandle<()> {
        drop(self.stop.take());
        self.served.take().unwrap()
    }

    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    /// Sends these bytes and reads until the server closes.
    pub(crate) async fn raw(&self, request: &str) -> Answer {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        // A server that refuses a body may reset the connection.
        drop(stream.read_to_end(&mut bytes).await);
        answer(&bytes)
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &str) -> Answer {
        let host = self.host();
        self.raw(&format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n"
        ))
        .await
    }

    /// Signs in with the printed token.
    pub(crate) async fn enter(&self) -> Session {
        let entered = self.get_with(&format!("/enter/{}", self.token), "").await;
        assert_eq!(entered.status, 303, "{}", entered.body);
        let base = entered.header("location").unwrap().to_owned();
        let cookie = entered.header("set-cookie").unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let mut session = Session {
            base,
            cookie,
            csrf: String::new(),
        };
        let page = self.get(&session, "welcome").await;
        let (_, rest) = page.body.split_once("name=\"csrf\" value=\"").unwrap();
        session.csrf = rest.split('"').next().unwrap().to_owned();
        session
    }

    pub(crate) async fn get(&self, session: &Session, path: &str) -> Answer {
        let cookie = format!("Cookie: {}\r\n", session.cookie);
        self.get_with(&format!("{}{path}", session.base), &cookie)
            .await
    }

    /// Submits a form like a page of the session.
    pub(crate) async fn post(&self, session: &Session, path: &str, fields: &str) -> Answer {
        let body = format!("csrf={}&{fields}", session.csrf);
        let origin = format!("Origin: http://{}\r\n", self.host());
        self.post_with(session, path, &body, &origin).await
    }

    pub(crate) async fn post_with(
        &self,
        session: &Session,
        path: &str,
        body: &str,
        headers: &str,
    ) -> Answer {
        let host = self.host();
        let (base, cookie, length) = (&session.base, &session.cookie, body.len());
        self.raw(&format!(
            "POST {base}{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nCookie: {cookie}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\
             {headers}\r\n{body}"
        ))
        .await
    }
}

fn answer(bytes: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Answer {
        status: status.unwrap_or(0),
        head: head.to_owned(),
        body: unchunked(head, body),
    }
}

fn unchunked(head: &str, body: &str) -> String {
    if !head.to_lowercase().contains("transfer-encoding: chunked") {
        return body.to_owned();
    }
    let (mut rest, mut whole) = (body, String::new());
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        if size == 0 || after.len() < size {
            break;
        }
        whole.push_str(&after[..size]);
        rest = after[size..].trim_start_matches("\r\n");
    }
    whole
}

/// An environment that counts actions beyond viewing.
#[derive(Debug, Default)]
pub(crate) struct StubProgram {
    pub(crate) looked: AtomicUsize,
    pub(crate) acted: AtomicUsize,
    pub(crate) kept: AtomicUsize,
    /// The state of the hub is known while nobody holds it.
    pub(crate) hub_lock: tokio::sync::Mutex<()>,
    /// The browser comes back from the authorization server.
    pub(crate) returned: tokio::sync::Notify,
}

/// An authorization URL, exactly.
pub(crate) const AUTHORIZATION: &str = "https://login.example/authorize?client_id=a%20b&state=x";

#[async_trait]
impl Program for StubProgram {
    fn remedies(&self) -> &dyn RemedyText {
        &NamedRemedies
    }

    fn about(&self) -> About {
        About {
            version: "0".into(),
            system: "test".into(),
            home: "/home/dev/.synapse".into(),
        }
    }

    async fn checklist(&self, _stored: &StoredConnection) -> Result<Vec<Check>, Failure> {
        Ok(Vec::new())
    }

    async fn doctor(&self) -> Vec<Check> {
        self.looked.fetch_add(1, Ordering::Relaxed);
        vec![Check::new(CheckId::Home, Finding::Ok("fine".into()))]
    }

    async fn bundle(&self, _checks: &[Check]) -> Result<String, Failure> {
        Ok("/home/dev/.synapse/bundle.json".into())
    }

    fn ides(&self) -> Result<Vec<IdeClientView>, Failure> {
        Ok(Vec::new())
    }

    fn snippets(&self) -> Result<Vec<Snippet>, Failure> {
        Ok(Vec::new())
    }

    fn place(&self, reference: &CredentialRef) -> String {
        format!("the place {reference}")
    }

    fn seen(&self, _reference: &CredentialRef) -> SecretStoreState {
        SecretStoreState::Unseen("not looked at".into())
    }

    async fn keep(
        &self,
        _reference: &CredentialRef,
        _value: SecretString,
        _writing: Writing,
    ) -> Result<Kept, Failure> {
        self.kept.fetch_add(1, Ordering::Relaxed);
        Err(Failure::new(Code::CredentialExists, "something is there"))
    }

    async fn forget(&self, _reference: &CredentialRef) -> Result<(), Failure> {
        Ok(())
    }

    async fn hub(&self) -> Result<HubView, Failure> {
        drop(self.hub_lock.lock().await);
        Ok(HubView {
            servers: vec![ServerView {
                name: "notes".into(),
                state: HOSTILE.into(),
                tone: Tone::Look,
                verbs: vec![HubVerb::LogIn],
                stderr: vec![HOSTILE.into()],
                ..ServerView::default()
            }],
            ..HubView::default()
        })
    }

    async fn approvals(&self) -> Result<Vec<Approval>, Failure> {
        Ok(vec![Approval {
            server: "notes".into(),
            digest: "digest-now".into(),
            argv: vec![Piece {
                text: HOSTILE.into(),
                change: Difference::New,
            }],
            ..Approval::default()
        }])
    }

    async fn act(&self, _action: HubAction) -> Result<HubDone, Failure> {
        self.acted.fetch_add(1, Ordering::Relaxed);
        Ok(HubDone {
            said: "done".into(),
            ..HubDone::default()
        })
    }

    async fn log_in(&self, order: &LoginOrder, desk: &LoginDesk) -> Result<LoginEnd, Failure> {
        self.acted.fetch_add(1, Ordering::Relaxed);
        if order.registering == Registering::Refused {
            let server = order.server.parse().unwrap();
            return Err(Failure::new(Code::OauthClientRequired, HOSTILE)
                .remedy("register one", &Remedy::LogInAndRegister { server }));
        }
        let proposal = LoginProposal {
            issuer: HOSTILE.into(),
            origins: vec!["https://login.example".into()],
            previous: Some("https://before.example".into()),
        };
        if desk.confirm(proposal).await == LoginAnswer::Declined {
            return Err(Failure::new(Code::OauthDenied, "nothing was sent there"));
        }
        desk.note(HOSTILE.into());
        desk.visit(AUTHORIZATION, "http://127.0.0.1:7/callback");
        self.returned.notified().await;
        Ok(LoginEnd {
            facts: vec![("Scopes".into(), HOSTILE.into())],
            next: AfterLogin::Look,
            document: serde_json::json!({"schema": "synapse.login/1", "ok": true}),
        })
    }
}

/// Text with code, direction overrides and invisible characters.
pub(crate) const HOSTILE: &str = "\"><script>alert(1)</script>\u{202e}evil\u{200b}";
