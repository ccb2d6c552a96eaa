//! One login, from the server's challenge to a stored record. Interactive: an unknown authorization
//! server must be confirmed before anything is sent to it.

mod browser;
mod find;
mod keep;
mod words;

use async_trait::async_trait;
use secrecy::SecretString;
use synapse_core::ports::{BrowserOpener, LoginClaim};
use synapse_core::time::Timestamp;
use synapse_core::upstream::{
    OAuthAction, OAuthClient, OAuthEvent, RegistrationKind, TokenRecord, UpstreamName,
};
use synapse_core::{Code, Failure, NetworkPermit, Origin};
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::OAuth;
use crate::challenge::is_scope;
use crate::device;
use crate::grant::Grant;
use crate::registration::{self, Choice};
use crate::settings::{LoginSettings, Registering};
use crate::wire::Wire;

use self::find::Prerequisites;
pub(crate) use self::keep::expiry;
pub use self::words::LoginProgress;
pub(crate) use self::words::READ_MCP;

/// How the user reaches the authorization server.
#[derive(Debug, Clone, Copy)]
pub enum Way<'a> {
    /// A browser on this machine, which returns to a local port.
    Browser(&'a dyn BrowserOpener),
    /// Any browser; the user pastes the final URL.
    Paste,
    /// On another device, with a code.
    Device,
}

/// Whether to check the authorization URL before a browser opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UrlCheck {
    /// Yes: an error that would only appear in the browser becomes a failure.
    #[default]
    First,
    /// No: for servers that count each request as an attempt, such as the official suite's.
    Never,
}

/// The target and options of a login.
#[derive(Debug)]
pub struct LoginRequest<'a> {
    /// The configuration of the record.
    pub config: &'a str,
    /// The server's name.
    pub server: &'a UpstreamName,
    /// The server's URL.
    pub url: &'a Url,
    /// The permit from its approval.
    pub permit: &'a NetworkPermit,
    /// Its settings.
    pub settings: LoginSettings,
    /// Scopes from the command line, which override all others.
    pub scopes: Vec<String>,
    /// Whether a client may be registered.
    pub registering: Registering,
    /// The callback port, overriding the configured one.
    pub port: Option<u16>,
    /// The way.
    pub way: Way<'a>,
    /// Whether to check the authorization URL first.
    pub look: UrlCheck,
}

/// An authorization server about to be contacted for the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its issuer.
    pub issuer: String,
    /// The origins to contact.
    pub origins: Vec<Origin>,
    /// The issuer of the last login, if different.
    pub previous: Option<String>,
}

/// The user's answer to a [`Proposal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Continue.
    Agreed,
    /// Send nothing there.
    Declined,
}

/// The user who logs in.
#[async_trait]
pub trait Dialogue: Send + Sync {
    /// Receives progress.
    fn tell(&self, news: &LoginProgress<'_>);

    /// Confirms an authorization server, before anything is sent to it.
    ///
    /// # Errors
    /// No user is available.
    async fn confirm(&self, proposal: &Proposal) -> Result<Decision, Failure>;

    /// Returns the final URL of the browser.
    ///
    /// # Errors
    /// No user is available.
    async fn paste(&self) -> Result<SecretString, Failure>;
}

/// The result of a login.
#[derive(Debug)]
pub struct LoggedIn {
    /// The server's URL.
    pub url: Url,
    /// The issuer.
    pub issuer: String,
    /// The stored record.
    pub record: TokenRecord,
    /// Its location.
    pub place: String,
    /// Number of requests sent.
    pub requests: u32,
}

/// Facts so far, for the report of a failed login.
#[derive(Debug, Default)]
struct LoginFacts {
    issuer: Option<String>,
    client: Option<RegistrationKind>,
    record: Option<TokenRecord>,
}

impl OAuth {
    /// Logs in and stores the result.
    ///
    /// # Errors
    /// `oauth.*`, `transport.*`, `storage.*`. An existing record stays until it is replaced.
    pub async fn log_in(
        &self,
        request: &LoginRequest<'_>,
        dialogue: &dyn Dialogue,
    ) -> Result<LoggedIn, Failure> {
        let wire = self.wire(request.url, request.settings.issuer_of());
        let mut progress = LoginFacts::default();
        let claim = self
            .store
            .claim_login(request.config, request.server)
            .await?;
        let deadline = Instant::now() + self.times.login;
        let mut login = Login {
            oauth: self,
            request,
            dialogue,
            wire: &wire,
            progress: &mut progress,
            deadline,
            claim,
        };
        // The wait for a callback has its own timeout with a better message; this limits everything
        // else.
        let result = timeout_at(deadline + self.times.fetch, login.run())
            .await
            .unwrap_or_else(|_| Err(words::timed_out(request.server, self.times.login, 0)));
        let record = progress.record.as_ref();
        self.recorder
            .record(&OAuthEvent {
                action: OAuthAction::Login,
                server: request.server.clone(),
                issuer: progress.issuer.clone(),
                client: progress.client,
                scopes: record
                    .map(|record| record.scopes.clone())
                    .unwrap_or_default(),
                generation: record.map(|record| record.generation),
                code: result.as_ref().err().map(|failure| failure.code()),
                requests: wire.sent(),
                at: self.clock.now(),
            })
            .await;
        let issuer = result?;
        let record = progress.record.ok_or_else(|| {
            Failure::new(
                Code::InternalInvariant,
                "a login succeeded without a record",
            )
        })?;
        Ok(LoggedIn {
            url: request.url.clone(),
            issuer,
            record,
            place: self.store.place(),
            requests: wire.sent(),
        })
    }
}

/// A login in progress.
struct Login<'a, 'r> {
    oauth: &'a OAuth,
    request: &'a LoginRequest<'r>,
    dialogue: &'a dyn Dialogue,
    wire: &'a Wire,
    progress: &'a mut LoginFacts,
    deadline: Instant,
    claim: Box<dyn LoginClaim>,
}

impl Login<'_, '_> {
    async fn run(&mut self) -> Result<String, Failure> {
        self.check_scopes()?;
        let ground = self.find().await?;
        self.progress.issuer = Some(ground.server.issuer.clone());
        let LoginRequest {
            server,
            url,
            settings,
            registering,
            port,
            ..
        } = self.request;
        let stored = ground.stored.as_ref().map(|(_, record)| record);
        let asked = (*registering, *port);
        let choice = registration::choose(server, url, settings, asked, stored, &ground.server)?;
        self.progress.client = Some(choice.kind());
        let (client, grant) = match self.request.way {
            Way::Device => self.with_device(&ground, choice).await?,
            Way::Browser(opener) => self.with_browser(&ground, choice, opener).await?,
            Way::Paste => self.with_paste(&ground, choice).await?,
        };
        let record = self.keep(&ground, client, grant).await?;
        self.warn_of_scopes(&record);
        self.progress.record = Some(record);
        Ok(ground.server.issuer)
    }

    fn check_scopes(&self) -> Result<(), Failure> {
        match self.request.scopes.iter().find(|scope| !is_scope(scope)) {
            None => Ok(()),
            Some(_) => Err(Failure::new(
                Code::ConfigInvalidValue,
                "a scope has visible characters only, without quotes and backslashes",
            )),
        }
    }

    async fn with_device(
        &mut self,
        ground: &Prerequisites,
        choice: Choice,
    ) -> Result<(OAuthClient, Grant), Failure> {
        let Some(endpoint) = &ground.server.device_endpoint else {
            return Err(Failure::new(
                Code::OauthDiscoveryFailed,
                "the authorization server has no login for devices",
            )
            .cause(
                "its metadata has no `device_authorization_endpoint`; Synapse does not guess one",
            )
            .hint("log in with a browser, or with `--paste` without one"));
        };
        let client = match choice {
            Choice::Known(client) => client,
            Choice::Register => {
                // The device grant has no redirect, but registration requires one.
                let redirect = crate::redirect::Redirect::own(
                    self.request.url,
                    RegistrationKind::Registered,
                    self.request.port.unwrap_or(1),
                );
                self.register(ground, &redirect.uri).await?
            }
        };
        self.tell_client(&client);
        device::demand_public(&client, self.request.server)?;
        let scope = ground.scopes.join(" ");
        let mut form = Vec::new();
        if !scope.is_empty() {
            form.push(("scope", scope.as_str()));
        }
        if let Some(resource) = &ground.resource {
            form.push(("resource", resource));
        }
        let permit = self.permit_for(endpoint);
        let times = &self.oauth.times;
        let url = self.request.url;
        let pending =
            device::begin(self.wire, &permit, endpoint, &client, &form, url, times).await?;
        self.dialogue.tell(&LoginProgress::Device {
            code: &pending.user_code,
            address: &pending.uri,
            complete: pending.complete.as_ref(),
            lifetime: pending.lifetime,
        });
        let permit = self.permit_for(&ground.server.token_endpoint);
        let resource = ground.resource.as_deref();
        let name = self.request.server;
        let waiting = device::wait(
            self.wire,
            &permit,
            &ground.server,
            &client,
            resource,
            pending,
            (times, name),
        );
        let grant = timeout_at(self.deadline, waiting)
            .await
            .unwrap_or_else(|_| Err(words::timed_out(name, times.login, 0)))?;
        Ok((client, grant))
    }

    /// The permit for the confirmed origin of `url`.
    fn permit_for(&self, url: &Url) -> NetworkPermit {
        self.request.permit.for_issuer(Origin::of(url))
    }

    fn now(&self) -> Timestamp {
        self.oauth.clock.now()
    }
}
