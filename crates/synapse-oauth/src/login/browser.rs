//! The authorization code flow, with a local browser or a pasted URL.

use secrecy::{ExposeSecret as _, SecretString};
use synapse_core::ports::BrowserOpener;
use synapse_core::upstream::{OAuthClient, RegistrationKind};
use synapse_core::{Code, Failure};
use tokio::time::timeout_at;
use url::Url;

use super::find::Prerequisites;
use super::{Login, LoginProgress, UrlCheck, words};
use crate::authorize::{Attempt, Judged, begin, look};
use crate::callback::{Expected, Listener, pasted};
use crate::device::refused;
use crate::grant::{Grant, NoGrant, ask};
use crate::redirect::Redirect;
use crate::registration::{Choice, register};

impl Login<'_, '_> {
    pub(super) async fn with_browser(
        &mut self,
        ground: &Prerequisites,
        choice: Choice,
        opener: &dyn BrowserOpener,
    ) -> Result<(OAuthClient, Grant), Failure> {
        let endpoint = self.endpoint(ground)?;
        // Before registration, which includes the port.
        let mut listener = Listener::bind(self.redirect(&choice)?).await?;
        let redirect = listener.redirect().clone();
        let (client, attempt) = self.prepare(ground, choice, &endpoint, &redirect).await?;
        self.dialogue.tell(&LoginProgress::Visit {
            address: &attempt.url,
            redirect: &redirect.uri,
        });
        if let Err(failure) = opener.open(&attempt.url).await {
            self.dialogue
                .tell(&LoginProgress::NoBrowser { failure: &failure });
        }
        let expected = expected(&attempt, ground);
        let code = match timeout_at(self.deadline, listener.wait(&expected)).await {
            Ok(code) => code?,
            Err(_) => {
                let limit = self.oauth.times.login;
                return Err(words::timed_out(
                    self.request.server,
                    limit,
                    listener.foreign(),
                ));
            }
        };
        drop(listener);
        let grant = self
            .redeem(ground, &client, &redirect, &attempt, &code)
            .await?;
        Ok((client, grant))
    }

    pub(super) async fn with_paste(
        &mut self,
        ground: &Prerequisites,
        choice: Choice,
    ) -> Result<(OAuthClient, Grant), Failure> {
        let endpoint = self.endpoint(ground)?;
        let mut redirect = self.redirect(&choice)?;
        if redirect.port == 0 {
            // Nothing listens there; a reserved port keeps the browser from reaching another
            // program.
            redirect = Listener::bind(redirect).await?.redirect().clone();
        }
        let (client, attempt) = self.prepare(ground, choice, &endpoint, &redirect).await?;
        self.dialogue.tell(&LoginProgress::Visit {
            address: &attempt.url,
            redirect: &redirect.uri,
        });
        let text = self.dialogue.paste().await?;
        let code = pasted(&text, &redirect, &expected(&attempt, ground))?;
        let grant = self
            .redeem(ground, &client, &redirect, &attempt, &code)
            .await?;
        Ok((client, grant))
    }

    fn endpoint(&self, ground: &Prerequisites) -> Result<Url, Failure> {
        ground.server.demand_s256(self.request.settings.pkce)?;
        ground.server.authorization_endpoint.clone().ok_or_else(|| {
            Failure::new(
                Code::OauthDiscoveryFailed,
                "the authorization server has no login for browsers",
            )
            .cause("its metadata has no `authorization_endpoint`; Synapse does not guess one")
            .hint("log in with `--device` if it offers that")
        })
    }

    fn redirect(&self, choice: &Choice) -> Result<Redirect, Failure> {
        let settings = &self.request.settings;
        if let Some(uri) = &settings.redirect_uri {
            return Redirect::configured(uri);
        }
        let asked = self.request.port.or(settings.callback_port);
        match (choice, asked) {
            // A registration is only valid with its port.
            (Choice::Known(client), None) if client.kind == RegistrationKind::Registered => {
                match &client.redirect_uri {
                    Some(uri) => Redirect::configured(uri),
                    None => Ok(self.own(choice, 0)),
                }
            }
            (_, asked) => Ok(self.own(choice, asked.unwrap_or(0))),
        }
    }

    fn own(&self, choice: &Choice, port: u16) -> Redirect {
        Redirect::own(self.request.url, choice.kind(), port)
    }

    /// Prepares the client, registering it if necessary, and an attempt whose URL was checked.
    async fn prepare(
        &mut self,
        ground: &Prerequisites,
        choice: Choice,
        endpoint: &Url,
        redirect: &Redirect,
    ) -> Result<(OAuthClient, Attempt), Failure> {
        let client = match choice {
            Choice::Known(client)
                if client.kind == RegistrationKind::Registered
                    && client.redirect_uri.as_ref() != Some(&redirect.uri) =>
            {
                return Err(other_redirect(&client, redirect));
            }
            Choice::Known(client) => client,
            Choice::Register => self.register(ground, &redirect.uri).await?,
        };
        self.tell_client(&client);
        let resource = ground.resource.as_deref();
        let attempt = begin(endpoint, &client.id, redirect, &ground.scopes, resource)?;
        self.oauth.remember(&attempt.verifier);
        if self.request.look == UrlCheck::Never {
            return Ok((client, attempt));
        }
        let permit = self.permit_for(endpoint);
        match look(self.wire, &permit, &attempt, redirect, &client.id).await {
            Judged::Fine => {}
            Judged::Dropped => self.dialogue.tell(&LoginProgress::CodeDropped),
            Judged::Unknown(why) => self.dialogue.tell(&LoginProgress::Unjudged { why: &why }),
            Judged::Refused(failure) => return Err(*failure),
        }
        Ok((client, attempt))
    }

    /// Registers a client and stores it at once, so that an aborted login does not block later
    /// ones.
    pub(super) async fn register(
        &mut self,
        ground: &Prerequisites,
        redirect: &str,
    ) -> Result<OAuthClient, Failure> {
        let server = &ground.server;
        let endpoint = server
            .registration_endpoint
            .as_ref()
            .unwrap_or(&server.token_endpoint);
        let permit = self.permit_for(endpoint);
        let client = register(self.wire, &permit, server, redirect, &ground.scopes).await?;
        self.keep_registration(ground, &client).await?;
        Ok(client)
    }

    async fn redeem(
        &self,
        ground: &Prerequisites,
        client: &OAuthClient,
        redirect: &Redirect,
        attempt: &Attempt,
        code: &SecretString,
    ) -> Result<Grant, Failure> {
        self.oauth.remember(code);
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.expose_secret()),
            ("redirect_uri", redirect.uri.as_str()),
            ("code_verifier", attempt.verifier.expose_secret()),
        ];
        if let Some(resource) = &ground.resource {
            form.push(("resource", resource));
        }
        let endpoint = &ground.server.token_endpoint;
        let permit = self.permit_for(endpoint);
        match ask(self.wire, &permit, endpoint, client, &form).await {
            Ok(grant) => Ok(grant),
            Err(NoGrant::Refused(refusal)) => Err(refused(&refusal)),
            Err(NoGrant::Failed(failure)) => Err(*failure),
        }
    }
}

fn expected(attempt: &Attempt, ground: &Prerequisites) -> Expected {
    Expected {
        state: attempt.state.clone(),
        issuer: ground.server.issuer.clone(),
        iss_promised: ground.server.iss_parameter,
    }
}

fn other_redirect(client: &OAuthClient, redirect: &Redirect) -> Failure {
    let registered = client.redirect_uri.as_deref().unwrap_or("none");
    Failure::new(
        Code::OauthRedirectMismatch,
        "the client was registered with another redirect URI",
    )
    .cause(format!("registered: {registered}"))
    .cause(format!("wanted: {}", redirect.uri))
    .hint("leave `--port` out, or forget the registration with `hub logout --forget-client`")
    .with("redirect_uri", &redirect.uri)
}
