//! A login started on a page. The page asks and links; no program is opened.

use async_trait::async_trait;
use secrecy::SecretString;
use synapse_core::error::{Code, Failure};
use synapse_core::ports::BrowserOpener;
use synapse_core::upstream::RecordKey;
use synapse_dashboard::{
    AfterLogin, LoginAnswer, LoginDesk, LoginEnd, LoginOrder, LoginProposal, Registering,
};
use synapse_documents::LoginDocument;
use synapse_oauth::{
    Decision, Dialogue, LoggedIn, LoginProgress, LoginRequest, Proposal,
    Registering as MayRegister, UrlCheck, Way,
};
use url::Url;

use super::HubPages;
use crate::command::hub::login::PreparedLogin;
use crate::command::hub::{Configured, auth_status, login};
use crate::oauth::{self, has_authorization};

impl HubPages {
    /// Logs in to a server, with its user at `desk`.
    ///
    /// # Errors
    /// `oauth.*`, `upstream.*`, `config.*`, `transport.*`, `storage.*`.
    pub(in crate::command) async fn log_in(
        &self,
        order: &LoginOrder,
        desk: &LoginDesk,
    ) -> Result<LoginEnd, Failure> {
        let hub = self.configured()?;
        let (upstream, _) = hub.upstream(&order.server)?;
        if has_authorization(&upstream) {
            return Err(login::two_credentials(&upstream));
        }
        let approval = hub
            .approval(&upstream.name)?
            .ok_or_else(|| login::not_approved(&upstream))?;
        let PreparedLogin {
            permit,
            url,
            settings,
            oauth,
        } = PreparedLogin::of(&self.context, &hub, &upstream, &approval).await?;
        let oauth = oauth.within(oauth::times(&self.context, None)?);
        let request = LoginRequest {
            config: hub.place.key(),
            server: &upstream.name,
            url: &url,
            permit: &permit,
            settings,
            scopes: Vec::new(),
            registering: match order.registering {
                Registering::Allowed => MayRegister::Allowed,
                Registering::Refused => MayRegister::Refused,
            },
            port: None,
            way: Way::Browser(&ByLink),
            look: UrlCheck::First,
        };
        let done = oauth.log_in(&request, &AtDesk(desk)).await?;
        let next = match approval.catalogue {
            Some(_) => AfterLogin::Nothing,
            None => AfterLogin::Look,
        };
        Ok(end(&hub, &order.server, &done, next))
    }
}

fn end(hub: &Configured, server: &str, done: &LoggedIn, next: AfterLogin) -> LoginEnd {
    let record = &done.record;
    let facts = [
        ("Issuer", done.issuer.clone()),
        ("Client", record.client.kind.as_str().to_owned()),
        ("Scopes", auth_status::or_none(&record.scopes)),
        ("Expires", auth_status::end(record)),
        ("Kept in", done.place.clone()),
    ];
    let document = server.parse().ok().and_then(|server| {
        let key = RecordKey {
            config: hub.place.key().to_owned(),
            server,
            url: done.url.clone(),
            issuer: done.issuer.clone(),
        };
        let place = done.place.clone();
        serde_json::to_value(LoginDocument::new(&key, record, place, done.requests)).ok()
    });
    LoginEnd {
        facts: facts
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        next,
        document: document.unwrap_or_default(),
    }
}

/// The user follows a link on the page: no program is started.
#[derive(Debug)]
struct ByLink;

#[async_trait]
impl BrowserOpener for ByLink {
    async fn open(&self, _url: &Url) -> Result<(), Failure> {
        Ok(())
    }
}

/// The user of the page.
struct AtDesk<'a>(&'a LoginDesk);

#[async_trait]
impl Dialogue for AtDesk<'_> {
    fn tell(&self, news: &LoginProgress<'_>) {
        match news {
            LoginProgress::Client { kind, id } => {
                self.0.note(format!("Client: {} ({id}).", kind.as_str()));
            }
            LoginProgress::Unjudged { why } => self.0.note(format!(
                "The authorization server could not be asked beforehand ({why}); your browser will \
                 show the result."
            )),
            LoginProgress::CodeDropped => {
                self.0
                    .note("A code came without a login; it was dropped.".to_owned());
            }
            LoginProgress::Visit { address, redirect } => self.0.visit(address.as_str(), redirect),
            LoginProgress::MissingScope { scope } => self.0.warn(
                Failure::new(
                    Code::OauthScope,
                    format!("the login has no scope `{scope}`: Hugging Face refuses its calls"),
                )
                .hint("allow the scope in your app, and log in again"),
            ),
            _ => {}
        }
    }

    async fn confirm(&self, proposal: &Proposal) -> Result<Decision, Failure> {
        let proposal = LoginProposal {
            issuer: proposal.issuer.clone(),
            origins: proposal
                .origins
                .iter()
                .map(|origin| origin.as_str().to_owned())
                .collect(),
            previous: proposal.previous.clone(),
        };
        Ok(match self.0.confirm(proposal).await {
            LoginAnswer::Agreed => Decision::Agreed,
            LoginAnswer::Declined => Decision::Declined,
        })
    }

    async fn paste(&self) -> Result<SecretString, Failure> {
        Err(Failure::new(
            Code::InternalInvariant,
            "a page does not accept a pasted address",
        ))
    }
}
