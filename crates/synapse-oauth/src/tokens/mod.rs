//! Tokens while serving: read from the store, refreshed on demand. Nothing is cached between calls,
//! so that another process's login, refresh or logout takes effect at once.

mod refresh;
mod refusal;

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::ExposeSecret as _;
use synapse_core::ports::TokenSource;
use synapse_core::secret::BoundSecret;
use synapse_core::time::Timestamp;
use synapse_core::upstream::{RecordKey, TokenRecord, TokenState, UpstreamName};
use synapse_core::{Code, Failure, NetworkPermit, Origin, Remedy};
use url::Url;

use crate::OAuth;
use crate::address::shown;
use crate::settings::IssuerOf;

/// The [`TokenSource`] of one configuration.
#[derive(Debug, Clone)]
pub struct Tokens {
    oauth: OAuth,
    config: String,
    issuer: Option<String>,
}

impl Tokens {
    /// The tokens of the records of `config`.
    #[must_use]
    pub fn new(oauth: OAuth, config: impl Into<String>) -> Self {
        Self {
            oauth,
            config: config.into(),
            issuer: None,
        }
    }

    const fn issuer_of(&self) -> IssuerOf {
        match self.issuer {
            Some(_) => IssuerOf::Entry,
            None => IssuerOf::Server,
        }
    }

    /// The record for a request to `url`; ignores records without tokens.
    async fn current(
        &self,
        server: &UpstreamName,
        url: &Url,
    ) -> Result<Option<(RecordKey, TokenRecord)>, Failure> {
        let records = self.oauth.store.of_server(&self.config, server).await?;
        let mut usable = records
            .into_iter()
            .filter(|(key, record)| key.url == *url && record.access.is_some());
        let Some(expected) = &self.issuer else {
            return Ok(usable.next());
        };
        let mut other = None;
        for (key, record) in usable {
            if key.issuer == *expected {
                return Ok(Some((key, record)));
            }
            other = Some(key);
        }
        match other {
            None => Ok(None),
            Some(key) => Err(issuer_changed(server, expected, &key.issuer)),
        }
    }
}

#[async_trait]
impl TokenSource for Tokens {
    fn of_issuer(&self, issuer: &str) -> Arc<dyn TokenSource> {
        Arc::new(Self {
            issuer: Some(issuer.to_owned()),
            ..self.clone()
        })
    }

    async fn token(
        &self,
        permit: &NetworkPermit,
        server: &UpstreamName,
        url: &Url,
    ) -> Result<Option<BoundSecret>, Failure> {
        let Some((key, record)) = self.current(server, url).await? else {
            return Ok(None);
        };
        let record = match need(&record, self.oauth.clock.now()) {
            Need::Nothing => record,
            Need::Login => return Err(login_required(server, "the stored login has ended")),
            Need::Refresh => {
                let permit = permit.for_issuer(Origin::of(&record.token_endpoint));
                self.refreshed(permit, key, record).await?
            }
        };
        let Some(access) = record.access else {
            return Err(login_required(server, "its login was ended meanwhile"));
        };
        self.oauth.remember(&access);
        Ok(Some(BoundSecret::new(access, vec![Origin::of(url)])))
    }

    async fn refused(
        &self,
        server: &UpstreamName,
        url: &Url,
        sent: Option<&BoundSecret>,
        status: u16,
        challenges: &[String],
    ) -> Failure {
        self.judge(server, url, sent, status, challenges)
            .await
            .of_server(server)
            .with("http_status", status)
    }
}

/// The step that a record needs before use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Nothing,
    Refresh,
    Login,
}

pub(crate) fn need(record: &TokenRecord, now: Timestamp) -> Need {
    let refresh = match record.refresh {
        Some(_) => Need::Refresh,
        None => Need::Login,
    };
    match record.state {
        TokenState::Expired => Need::Login,
        TokenState::Refused | TokenState::Refreshing | TokenState::Retrying => refresh,
        TokenState::Usable | TokenState::Renewed => {
            if is_about_to_expire(record, now) {
                refresh
            } else {
                Need::Nothing
            }
        }
    }
}

/// Expires within a minute, or within half its lifetime if that is shorter: a one-minute token
/// would otherwise be refreshed at each call. Without an expiry, only a rejection triggers a
/// refresh.
fn is_about_to_expire(record: &TokenRecord, now: Timestamp) -> bool {
    let Some(end) = record.expires_at else {
        return false;
    };
    let life = end
        .as_millis()
        .saturating_sub(record.obtained_at.as_millis());
    let margin = MARGIN_MILLIS.min(life / 2).max(0);
    now.as_millis() >= end.as_millis().saturating_sub(margin)
}

/// Whether `record` still holds the sent token.
fn holds(record: &TokenRecord, sent: &BoundSecret, url: &Url) -> bool {
    let sent = sent.for_origin(&Origin::of(url));
    match (&record.access, sent) {
        (Some(stored), Ok(sent)) => stored.expose_secret() == sent.expose_secret(),
        _ => false,
    }
}

pub(crate) fn login_required(server: &UpstreamName, why: &str) -> Failure {
    Failure::new(
        Code::OauthLoginRequired,
        format!("`{server}` needs a login"),
    )
    .cause(why)
    .remedy(
        "log in at a terminal; the next call uses it",
        &Remedy::LogIn {
            server: server.clone(),
            scopes: Vec::new(),
        },
    )
    .of_server(server)
}

fn issuer_changed(server: &UpstreamName, expected: &str, stored: &str) -> Failure {
    Failure::new(
        Code::OauthIssuerChanged,
        format!("the login of `{server}` is from another authorization server"),
    )
    .cause(format!("the entry expects {}", shown(expected)))
    .cause(format!("the login was at {}", shown(stored)))
    .cause("nothing was sent")
    .remedy(
        "if the entry is right, log in again",
        &Remedy::LogIn {
            server: server.clone(),
            scopes: Vec::new(),
        },
    )
}

const MARGIN_MILLIS: i64 = 60_000;
