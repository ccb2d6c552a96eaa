//! The OAuth checks of `hub preflight --live`, without a browser, a registration or a refresh.

use synapse_core::upstream::{RecordKey, TokenRecord};
use synapse_core::{Failure, Origin};

use crate::OAuth;
use crate::address::{named_by, shown};
use crate::authorize::{Judged, begin, look};
use crate::discovery::{ServerMetadata, Trail, authorization_server, probe, protected_resource};
use crate::login::LoginRequest;
use crate::redirect::Redirect;
use crate::registration::{Choice, choose};
use crate::tokens::{Need, login_required, need};
use crate::wire::Wire;

/// A check of a login and its result.
#[derive(Debug)]
pub struct LoginCheck {
    /// The check.
    pub id: LoginCheckId,
    /// Its result.
    pub outcome: LoginCheckOutcome,
}

/// A check of a login, in the order in which they are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginCheckId {
    /// The server names its authorization server.
    Discovery,
    /// Its metadata can be used, and it is the one of earlier logins.
    Issuer,
    /// A client is registered or can be.
    Registration,
    /// The authorization server accepts the redirect URI.
    Redirect,
    /// The scopes that a login asks for.
    Scopes,
    /// The stored token.
    Token,
}

impl LoginCheckId {
    /// The prerequisites of a login; the stored token is checked apart from them.
    const OF_A_LOGIN: [Self; 5] = [
        Self::Discovery,
        Self::Issuer,
        Self::Registration,
        Self::Redirect,
        Self::Scopes,
    ];

    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Discovery => "oauth.discovery",
            Self::Issuer => "oauth.issuer",
            Self::Registration => "oauth.registration",
            Self::Redirect => "oauth.redirect",
            Self::Scopes => "oauth.scopes",
            Self::Token => "oauth.token",
        }
    }
}

/// The result of a [`LoginCheck`].
#[derive(Debug)]
pub enum LoginCheckOutcome {
    /// Passed, with the observation.
    Passed(String),
    /// Inconclusive, with the reason.
    Unknown(String),
    /// It does not hold.
    Failed(Failure),
    /// Skipped because of an earlier failure.
    Skipped,
}

impl OAuth {
    /// Checks the prerequisites of a login for `request`, and the stored token. Sends the requests
    /// of a login before the browser opens, only to origins confirmed at an earlier login.
    ///
    /// # Errors
    /// `oauth.store-unavailable`, `storage.*`; everything else is reported as a check.
    pub async fn examine(&self, request: &LoginRequest<'_>) -> Result<Vec<LoginCheck>, Failure> {
        let stored: Vec<(RecordKey, TokenRecord)> = self
            .store
            .of_server(request.config, request.server)
            .await?
            .into_iter()
            .filter(|(key, _)| key.url == *request.url)
            .collect();
        let wire = self.wire(request.url, request.settings.issuer_of());
        let mut checks = Vec::new();
        if let Err(failure) = self.run_checks(request, &stored, &wire, &mut checks).await {
            let id = LoginCheckId::OF_A_LOGIN
                .get(checks.len())
                .copied()
                .unwrap_or(LoginCheckId::Discovery);
            checks.push(LoginCheck {
                id,
                outcome: LoginCheckOutcome::Failed(failure),
            });
        }
        let skipped = LoginCheckId::OF_A_LOGIN
            .into_iter()
            .skip(checks.len())
            .map(|id| LoginCheck {
                id,
                outcome: LoginCheckOutcome::Skipped,
            });
        checks.extend(skipped.collect::<Vec<_>>());
        checks.push(LoginCheck {
            id: LoginCheckId::Token,
            outcome: self.token_check(request, &stored),
        });
        Ok(checks)
    }

    async fn run_checks(
        &self,
        request: &LoginRequest<'_>,
        stored: &[(RecordKey, TokenRecord)],
        wire: &Wire,
        checks: &mut Vec<LoginCheck>,
    ) -> Result<(), Failure> {
        let mut pass = |id, text: String| {
            checks.push(LoginCheck {
                id,
                outcome: LoginCheckOutcome::Passed(text),
            });
        };
        let mut trail = Trail::default();
        let url = request.url;
        let probed = probe(wire, request.permit, url).await?;
        let resource =
            protected_resource(wire, request.permit, url, &probed.demand, &mut trail).await?;
        let Some(resource) = resource else {
            return Err(trail.failure("the server names no authorization server"));
        };
        pass(
            LoginCheckId::Discovery,
            format!("{} asks for a login", shown(&resource.identifier)),
        );
        let server = self
            .issuer_check(request, stored, &resource.issuers, wire, &mut trail)
            .await?;
        pass(LoginCheckId::Issuer, shown(&server.issuer));
        let record = stored
            .iter()
            .find(|(key, _)| key.issuer == server.issuer)
            .map(|(_, record)| record);
        let asked = (crate::Registering::Refused, request.port);
        let choice = choose(
            request.server,
            url,
            &request.settings,
            asked,
            record,
            &server,
        )?;
        pass(
            LoginCheckId::Registration,
            choice.kind().as_str().to_owned(),
        );
        let scopes = match (&request.settings.scopes, probed.demand.scopes.as_slice()) {
            (Some(configured), _) => configured.clone(),
            (None, []) => resource.scopes.clone(),
            (None, challenged) => challenged.to_vec(),
        };
        let outcome = self
            .redirect_check(
                request,
                &server,
                &choice,
                &scopes,
                &resource.identifier,
                wire,
            )
            .await?;
        checks.push(LoginCheck {
            id: LoginCheckId::Redirect,
            outcome,
        });
        let text = match scopes.as_slice() {
            [] => "none are asked for".to_owned(),
            scopes => shown(&scopes.join(" ")),
        };
        checks.push(LoginCheck {
            id: LoginCheckId::Scopes,
            outcome: LoginCheckOutcome::Passed(text),
        });
        Ok(())
    }

    async fn issuer_check(
        &self,
        request: &LoginRequest<'_>,
        stored: &[(RecordKey, TokenRecord)],
        named: &[String],
        wire: &Wire,
        trail: &mut Trail,
    ) -> Result<ServerMetadata, Failure> {
        let issuer = match &request.settings.issuer {
            Some(issuer) => issuer,
            None => named
                .first()
                .ok_or_else(|| trail.failure("the server names no authorization server"))?,
        };
        let is_known = stored.iter().any(|(key, _)| key.issuer == *issuer);
        if !is_known && let Some((key, _)) = stored.first() {
            return Err(Failure::new(
                synapse_core::Code::OauthIssuerChanged,
                "the server names another authorization server than at the last login",
            )
            .cause(format!("it names {}", shown(issuer)))
            .cause(format!("the last login was at {}", shown(&key.issuer)))
            .cause("nothing was sent there"));
        }
        if !is_known {
            let why = "its authorization server was not confirmed by a login yet";
            return Err(login_required(request.server, why).cause(format!(
                "it names {}; nothing was sent there",
                shown(issuer)
            )));
        }
        let origin = match named_by(issuer, request.url) {
            Ok(url) => Origin::of(&url),
            Err(why) => return Err(trail.failure(&format!("the issuer cannot be used: {why}"))),
        };
        let permit = request.permit.for_issuer(origin);
        let server = authorization_server(wire, &permit, issuer, request.url, trail).await?;
        server.demand_s256(request.settings.pkce)?;
        Ok(server)
    }

    async fn redirect_check(
        &self,
        request: &LoginRequest<'_>,
        server: &ServerMetadata,
        choice: &Choice,
        scopes: &[String],
        resource: &str,
        wire: &Wire,
    ) -> Result<LoginCheckOutcome, Failure> {
        let Choice::Known(client) = choice else {
            return Ok(LoginCheckOutcome::Skipped);
        };
        let Some(endpoint) = &server.authorization_endpoint else {
            return Ok(LoginCheckOutcome::Unknown(
                "there is no login for browsers".to_owned(),
            ));
        };
        let uri = request.settings.redirect_uri.as_ref();
        let redirect = match uri.or(client.redirect_uri.as_ref()) {
            Some(uri) => Redirect::configured(uri)?,
            None => Redirect::own(request.url, client.kind, request.port.unwrap_or(1)),
        };
        let attempt = begin(endpoint, &client.id, &redirect, scopes, Some(resource))?;
        let permit = request.permit.for_issuer(Origin::of(endpoint));
        match look(wire, &permit, &attempt, &redirect, &client.id).await {
            Judged::Fine | Judged::Dropped => Ok(LoginCheckOutcome::Passed(redirect.uri)),
            Judged::Unknown(why) => Ok(LoginCheckOutcome::Unknown(why)),
            Judged::Refused(failure) => Err(*failure),
        }
    }

    fn token_check(
        &self,
        request: &LoginRequest<'_>,
        stored: &[(RecordKey, TokenRecord)],
    ) -> LoginCheckOutcome {
        let with_token = stored.iter().find(|(_, record)| record.access.is_some());
        match with_token {
            None => LoginCheckOutcome::Failed(login_required(request.server, "nobody logged in")),
            Some((_, record)) if need(record, self.clock.now()) == Need::Login => {
                LoginCheckOutcome::Failed(login_required(
                    request.server,
                    "the stored login has ended",
                ))
            }
            Some((_, record)) if need(record, self.clock.now()) == Need::Refresh => {
                LoginCheckOutcome::Unknown(
                    "the next call refreshes it; nothing does here".to_owned(),
                )
            }
            Some((_, record)) => LoginCheckOutcome::Passed(match record.expires_at {
                Some(end) => format!("{}, expires {end}", record.state.as_str()),
                None => format!("{}, without a known end", record.state.as_str()),
            }),
        }
    }
}
