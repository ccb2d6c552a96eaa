//! Shared by the tests: a record in a home, a token endpoint that counts, and a manual clock.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use synapse_core::ports::{Clock, OAuthRecorder, TokenStore as _};
use synapse_core::time::Timestamp;
use synapse_core::upstream::{
    AuthMethod, OAuthClient, OAuthEvent, RecordKey, RegistrationKind, TokenRecord, TokenState,
};
use synapse_home::Home;
use synapse_http::HttpConfig;
use synapse_oauth::{OAuth, Tokens};
use synapse_secrets::TokenRecords;
use synapse_testkit::raw::{RawServer, Reply};
use url::Url;

pub(crate) const HOUR: i64 = 3_600_000;
/// The server of the record; nothing is sent to it.
pub(crate) const MCP: &str = "http://127.0.0.1:9/mcp";

/// A clock that returns the time it was set to.
#[derive(Debug, Default)]
pub(crate) struct SetClock(AtomicI64);

impl SetClock {
    pub(crate) fn set(&self, millis: i64) {
        self.0.store(millis, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

#[derive(Debug)]
struct Silent;

#[async_trait]
impl OAuthRecorder for Silent {
    async fn record(&self, _event: &OAuthEvent) {}
}

/// Tokens of `home`, on `clock`.
pub(crate) fn tokens(home: &Path, clock: Arc<SetClock>) -> Tokens {
    let records = TokenRecords::open(Home::new(home)).unwrap();
    let config = HttpConfig::default();
    let oauth = OAuth::new(config, Arc::new(records), clock, Arc::new(Silent));
    Tokens::new(oauth, "home")
}

pub(crate) fn key(issuer: &str) -> RecordKey {
    RecordKey {
        config: "home".to_owned(),
        server: "work".parse().unwrap(),
        url: MCP.parse().unwrap(),
        issuer: issuer.to_owned(),
    }
}

/// Stores a login at `endpoint` that expires one hour after time zero.
pub(crate) async fn logged_in(home: &Path, endpoint: &Url) {
    let records = TokenRecords::open(Home::new(home)).unwrap();
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
        token_endpoint: endpoint.clone(),
        resource: None,
        access: Some("fake-access-0".into()),
        refresh: Some("fake-refresh-0".into()),
        scopes: Vec::new(),
        expires_at: Some(Timestamp::from_millis(HOUR)),
        obtained_at: Timestamp::from_millis(0),
    };
    let mut transaction = records.begin(&key("https://as.test")).await.unwrap();
    transaction.keep(None, &record).await.unwrap();
}

/// How a token endpoint treats a used refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Used {
    /// It accepts it again.
    Taken,
    /// It revokes the login.
    Refused,
}

/// A token endpoint that answers every request with a new token for an hour.
pub(crate) struct Endpoint {
    pub(crate) server: RawServer,
    refreshed: Arc<AtomicUsize>,
}

impl Endpoint {
    pub(crate) fn new(used: Used) -> Self {
        let refreshed = Arc::new(AtomicUsize::new(0));
        let server = RawServer::start({
            let refreshed = refreshed.clone();
            move |request| {
                let body = String::from_utf8_lossy(&request.body).into_owned();
                let number = refreshed.fetch_add(1, Ordering::SeqCst);
                let current = format!("refresh_token=fake-refresh-{number}&");
                if used == Used::Refused && !body.contains(&current) {
                    return Reply::json(400, r#"{"error":"invalid_grant"}"#);
                }
                let next = number + 1;
                Reply::json(
                    200,
                    format!(
                        r#"{{"access_token":"fake-access-{next}","refresh_token":"fake-refresh-{next}","expires_in":3600}}"#
                    ),
                )
            }
        });
        Self { server, refreshed }
    }

    pub(crate) fn url(&self) -> Url {
        self.server.url("/token")
    }

    /// The number of refreshes received.
    pub(crate) fn refreshes(&self) -> usize {
        self.refreshed.load(Ordering::SeqCst)
    }
}
