//! Shared by the tests: the double of a protected server with its authorization server, a user with
//! a browser, an in-memory store, and the engine.

mod authority;
mod store;
mod user;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use synapse_core::ports::OAuthRecorder;
use synapse_core::upstream::{OAuthEvent, RecordKey, TokenRecord, UpstreamName};
use synapse_core::{Code, Failure, NetworkGate, NetworkPermit, Origin};
use synapse_http::HttpConfig;
use synapse_oauth::{
    LoggedIn, LoginRequest, LoginSettings, OAuth, Registering, Times, Tokens, UrlCheck, Way,
};
use synapse_testkit::ports::{FixedClock, NamedRemedies};
use url::Url;

pub(crate) use self::authority::{Authority, Conduct};
pub(crate) use self::store::MemoryTokens;
pub(crate) use self::user::{Browser, User, get};

/// Everything one test needs.
pub(crate) struct Bench {
    pub(crate) authority: Arc<Authority>,
    pub(crate) store: Arc<MemoryTokens>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) events: Arc<Events>,
    pub(crate) oauth: OAuth,
    pub(crate) user: User,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(Conduct::default())
    }

    pub(crate) fn with(conduct: Conduct) -> Self {
        Self::connecting(conduct, HttpConfig::default())
    }

    pub(crate) fn connecting(conduct: Conduct, http: HttpConfig) -> Self {
        let store = Arc::new(MemoryTokens::default());
        let clock = Arc::new(FixedClock::default());
        let events = Arc::new(Events::default());
        let oauth = OAuth::new(http, store.clone(), clock.clone(), events.clone()).within(TIMES);
        Self {
            authority: Arc::new(Authority::start(conduct)),
            store,
            clock,
            events,
            oauth,
            user: User::default(),
        }
    }

    pub(crate) fn url(&self) -> Url {
        self.authority.url("/mcp")
    }

    /// The permit from the server's approval.
    pub(crate) fn permit(&self) -> NetworkPermit {
        permit(&self.url())
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::of(&self.authority)
    }

    /// A configured public client.
    pub(crate) fn settings() -> LoginSettings {
        LoginSettings {
            client_id: Some("public".to_owned()),
            ..LoginSettings::default()
        }
    }

    /// Logs in with `settings` through the test's browser.
    pub(crate) async fn log_in(&self, settings: LoginSettings) -> Result<LoggedIn, Failure> {
        self.log_in_by(&self.browser(), settings).await
    }

    pub(crate) async fn log_in_by(
        &self,
        browser: &Browser,
        settings: LoginSettings,
    ) -> Result<LoggedIn, Failure> {
        self.run(settings, Registering::Refused, Way::Browser(browser))
            .await
    }

    pub(crate) async fn run(
        &self,
        settings: LoginSettings,
        registering: Registering,
        way: Way<'_>,
    ) -> Result<LoggedIn, Failure> {
        let (url, permit, server) = (self.url(), self.permit(), server());
        let request = LoginRequest {
            config: "home",
            server: &server,
            url: &url,
            permit: &permit,
            settings,
            scopes: Vec::new(),
            registering,
            port: None,
            way,
            look: UrlCheck::First,
        };
        self.oauth.log_in(&request, &self.user).await
    }

    /// Logs in and fails, with this code.
    pub(crate) async fn fails(&self, settings: LoginSettings, code: Code) -> Failure {
        let failure = self
            .log_in(settings)
            .await
            .expect_err("the login succeeded");
        assert_eq!(failure.code(), code, "{failure:#?}");
        failure
    }

    pub(crate) fn tokens(&self) -> Tokens {
        Tokens::new(self.oauth.clone(), "home")
    }

    /// The only stored record.
    pub(crate) fn record(&self) -> (RecordKey, TokenRecord) {
        let all = self.store.all();
        assert_eq!(all.len(), 1, "one record is stored");
        all.into_iter().next().unwrap()
    }
}

pub(crate) fn server() -> UpstreamName {
    "hf".parse().unwrap()
}

pub(crate) fn permit(url: &Url) -> NetworkPermit {
    NetworkGate::Open.permit([Origin::of(url)]).unwrap()
}

/// Records events.
#[derive(Debug, Default)]
pub(crate) struct Events(Mutex<Vec<OAuthEvent>>);

impl Events {
    pub(crate) fn all(&self) -> Vec<OAuthEvent> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl OAuthRecorder for Events {
    async fn record(&self, event: &OAuthEvent) {
        self.0.lock().unwrap().push(event.clone());
    }
}

/// Short enough for tests that wait for a timeout, long enough for a busy machine.
pub(crate) const TIMES: Times = Times {
    fetch: Duration::from_secs(5),
    discovery: Duration::from_secs(8),
    login: Duration::from_secs(20),
    device_interval: Duration::from_millis(30),
};

/// The user-visible text of a failure.
pub(crate) fn told(failure: &Failure) -> String {
    let hints = failure.hints().iter().map(|hint| {
        format!(
            "{} {}",
            hint.text,
            hint.command(&NamedRemedies).unwrap_or_default()
        )
    });
    let parts = std::iter::once(failure.message().to_owned())
        .chain(failure.causes().into_iter().map(str::to_owned))
        .chain(hints);
    parts.collect::<Vec<_>>().join("\n")
}
