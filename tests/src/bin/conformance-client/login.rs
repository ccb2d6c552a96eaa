//! Logs in where a server requires it, with the product's engine and store: the equivalent of
//! `synapse hub login` between two calls.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::Value;
use synapse_core::ports::{BrowserOpener, OAuthRecorder, TokenSource as _};
use synapse_core::secret::BoundSecret;
use synapse_core::upstream::{OAuthEvent, UpstreamName};
use synapse_core::{Code, Failure, NetworkGate, NetworkPermit, Origin, Remedy};
use synapse_home::Home;
use synapse_http::{HttpClient, HttpConfig, HttpRequest, Method};
use synapse_hub::transport::BearerSource;
use synapse_mcp::client::CallError;
use synapse_oauth::{
    Decision, Dialogue, LoginProgress, LoginRequest, LoginSettings, OAuth, Proposal, Registering,
    Tokens, UrlCheck, Way,
};
use synapse_secrets::TokenRecords;
use synapse_testkit::ports::FixedClock;
use tempfile::TempDir;
use url::Url;

use crate::eprintln;

/// The login to one server, which provides tokens for [`BearerSource`].
pub(crate) struct Login {
    oauth: OAuth,
    tokens: Tokens,
    server: UpstreamName,
    url: Url,
    permit: Arc<NetworkPermit>,
    settings: LoginSettings,
    /// The token of the latest request, for handling its rejection.
    sent: Mutex<Option<Arc<BoundSecret>>>,
    _home: TempDir,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").finish_non_exhaustive()
    }
}

impl Login {
    /// For the server at `url`, with the client from the scenario's context, if any.
    pub(crate) fn new(
        url: &Url,
        permit: Arc<NetworkPermit>,
        scenario: &str,
        context: &Value,
    ) -> Result<Self, Box<dyn Error>> {
        let text = |name: &str| context[name].as_str().map(ToOwned::to_owned);
        let home = tempfile::tempdir()?;
        let records = TokenRecords::open(Home::new(home.path()));
        let oauth = OAuth::new(
            HttpConfig::default(),
            Arc::new(records.map_err(plain)?),
            Arc::new(FixedClock::default()),
            Arc::new(Nobody),
        );
        Ok(Self {
            tokens: Tokens::new(oauth.clone(), CONFIG),
            oauth,
            server: "suite".parse().map_err(|_| "a name of a server")?,
            url: url.clone(),
            permit,
            settings: LoginSettings {
                client_id: text("client_id"),
                client_secret: text("client_secret").map(SecretString::from),
                client_metadata_url: scenario.contains("cimd").then(|| DOCUMENT.to_owned()),
                ..LoginSettings::default()
            },
            sent: Mutex::default(),
            _home: home,
        })
    }

    /// Logs in after the server's rejection.
    ///
    /// # Errors
    /// `error` itself if it is not an authorization error; a login failure otherwise.
    pub(crate) async fn after(&self, error: CallError) -> Result<(), Box<dyn Error>> {
        let failure = match &error {
            CallError::Http {
                status: status @ (401 | 403),
                headers,
                ..
            } => self.refused(*status, headers).await,
            CallError::Carrier { source, .. } => match source.downcast_ref::<Failure>() {
                Some(failure) => failure.clone(),
                None => return Err(error.into()),
            },
            _ => return Err(error.into()),
        };
        eprintln(&format!("refused: {failure:?}"));
        let scopes = match failure.code() {
            Code::OauthScope => scopes_of(&failure),
            _ => Vec::new(),
        };
        let request = LoginRequest {
            config: CONFIG,
            server: &self.server,
            url: &self.url,
            permit: &self.permit,
            settings: self.settings.clone(),
            scopes,
            registering: Registering::Allowed,
            port: None,
            way: Way::Browser(&Visitor),
            // The suite counts each request to the authorization URL as an attempt.
            look: UrlCheck::Never,
        };
        self.oauth
            .log_in(&request, &Agreeing)
            .await
            .map_err(plain)?;
        Ok(())
    }

    async fn refused(&self, status: u16, headers: &[(String, String)]) -> Failure {
        let challenges: Vec<String> = headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"))
            .map(|(_, value)| value.clone())
            .collect();
        let sent = self.sent.lock();
        let sent = sent.unwrap_or_else(PoisonError::into_inner).clone();
        self.tokens
            .refused(
                &self.server,
                &self.url,
                sent.as_deref(),
                status,
                &challenges,
            )
            .await
    }
}

#[async_trait]
impl BearerSource for Login {
    async fn authorization(&self) -> Result<Option<Arc<BoundSecret>>, Failure> {
        let token = self
            .tokens
            .token(&self.permit, &self.server, &self.url)
            .await?
            .map(Arc::new);
        self.sent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(&token);
        Ok(token)
    }
}

/// Includes its causes, for the suite's output.
fn plain(failure: Failure) -> Box<dyn Error> {
    format!("{failure:?}").into()
}

/// The scopes named by a hint.
fn scopes_of(failure: &Failure) -> Vec<String> {
    let named = failure.hints().iter().find_map(|hint| match &hint.remedy {
        Some(Remedy::LogIn { scopes, .. }) => Some(scopes.clone()),
        _ => None,
    });
    named.unwrap_or_default()
}

/// Accepts every prompt.
struct Agreeing;

#[async_trait]
impl Dialogue for Agreeing {
    fn tell(&self, news: &LoginProgress<'_>) {
        eprintln(&format!("{news:?}"));
    }

    async fn confirm(&self, _: &Proposal) -> Result<Decision, Failure> {
        Ok(Decision::Agreed)
    }

    async fn paste(&self) -> Result<SecretString, Failure> {
        Err(unable("nothing is pasted here"))
    }
}

/// A browser whose user consents at once: follows the URL and its redirects.
#[derive(Debug)]
struct Visitor;

#[async_trait]
impl BrowserOpener for Visitor {
    async fn open(&self, url: &Url) -> Result<(), Failure> {
        let url = url.clone();
        tokio::spawn(async move {
            if let Err(failure) = visit(&url).await {
                eprintln(&format!("the browser failed: {failure:?}"));
            }
        });
        Ok(())
    }
}

async fn visit(url: &Url) -> Result<(), Failure> {
    let client = HttpClient::new(HttpConfig::default());
    let get = async |url: &Url| {
        let permit = NetworkGate::Open.permit([Origin::of(url)])?;
        let request = HttpRequest::new(Method::Get, url.clone(), PATIENCE);
        client
            .send(&permit, request)
            .await
            .map_err(|error| unable(&error.to_string()))
    };
    let consent = get(url).await?;
    let location = consent.headers.text("location");
    let next = location.and_then(|location| url.join(location).ok());
    let next = next.ok_or_else(|| unable("the page leads nowhere"))?;
    get(&next).await.map(drop)
}

fn unable(why: &str) -> Failure {
    Failure::new(Code::OauthDenied, why)
}

#[derive(Debug)]
struct Nobody;

#[async_trait]
impl OAuthRecorder for Nobody {
    async fn record(&self, _: &OAuthEvent) {}
}

const CONFIG: &str = "home";

/// The client metadata URL known to the suite.
const DOCUMENT: &str = "https://conformance-test.local/client-metadata.json";

const PATIENCE: Duration = Duration::from_secs(20);
