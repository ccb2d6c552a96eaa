//! Interprets a 401 or 403 for the sent token.

use synapse_core::secret::BoundSecret;
use synapse_core::upstream::{RecordKey, TokenRecord, TokenState, UpstreamName};
use synapse_core::{Code, Failure, Remedy};
use url::Url;

use super::{Tokens, holds, login_required};
use crate::HUGGING_FACE;
use crate::address::shown;
use crate::challenge::Requirements;
use crate::login::READ_MCP;

impl Tokens {
    pub(super) async fn judge(
        &self,
        server: &UpstreamName,
        url: &Url,
        sent: Option<&BoundSecret>,
        status: u16,
        challenges: &[String],
    ) -> Failure {
        let demand = Requirements::read(challenges.iter().map(String::as_str));
        if status == 403 {
            return self.forbidden(server, url, &demand).await;
        }
        if status != 401 {
            return refused(server, status);
        }
        let Some(sent) = sent else {
            return login_required(server, "it requires a token, and there is no login");
        };
        match self.mark(server, url, sent).await {
            Ok(failure) | Err(failure) => failure,
        }
    }

    /// Records the rejection, unless the token was replaced meanwhile.
    async fn mark(
        &self,
        server: &UpstreamName,
        url: &Url,
        sent: &BoundSecret,
    ) -> Result<Failure, Failure> {
        let Some((key, _)) = self.current(server, url).await? else {
            return Ok(login_required(server, "its login was ended meanwhile"));
        };
        let mut transaction = self.oauth.store.begin(&key).await?;
        let Some(record) = transaction.load().await? else {
            return Ok(login_required(server, "its login was ended meanwhile"));
        };
        if !holds(&record, sent, url) {
            return Ok(call_again(server, "another token was obtained meanwhile"));
        }
        let (state, failure) = self.after(&key, &record);
        if state != record.state {
            let marked = TokenRecord {
                state,
                ..record.clone()
            };
            transaction.keep(Some(record.generation), &marked).await?;
        }
        Ok(failure)
    }

    /// The next state of a rejected token: refresh at the next call or, if that was just done or is
    /// impossible, login required.
    fn after(&self, key: &RecordKey, record: &TokenRecord) -> (TokenState, Failure) {
        let server = &key.server;
        let age = self.oauth.clock.now().as_millis() - record.obtained_at.as_millis();
        let is_fresh = (0..SOON_MILLIS).contains(&age);
        match (record.state, &record.refresh) {
            (_, None) => (
                TokenState::Expired,
                login_required(
                    server,
                    "it refused the token, and there is no refresh token",
                ),
            ),
            (TokenState::Renewed, Some(_)) if is_fresh => (
                TokenState::Expired,
                login_required(server, "it refused the token also after a refresh"),
            ),
            (TokenState::Expired, Some(_)) => (
                TokenState::Expired,
                login_required(server, "the stored login has ended"),
            ),
            (TokenState::Refreshing | TokenState::Retrying, Some(_)) => (
                record.state,
                call_again(server, "the next call refreshes the token"),
            ),
            (_, Some(_)) => (
                TokenState::Refused,
                call_again(server, "the next call refreshes the token"),
            ),
        }
    }

    /// Hugging Face reports a missing scope with 403 and a challenge without error and scope.
    async fn forbidden(&self, server: &UpstreamName, url: &Url, demand: &Requirements) -> Failure {
        let is_hugging_face = url.origin().ascii_serialization() == HUGGING_FACE;
        let is_of_scope = match demand.error.as_deref() {
            Some("insufficient_scope") => true,
            Some(_) => false,
            None => {
                !demand.scopes.is_empty() || demand.resource_metadata.is_some() || is_hugging_face
            }
        };
        if !is_of_scope {
            return refused(server, 403);
        }
        // An unreadable record must not hide the answer.
        let held = self.current(server, url).await.ok().flatten();
        let mut scopes = held.map(|(_, record)| record.scopes).unwrap_or_default();
        let mut asked = demand.scopes.clone();
        if asked.is_empty() && is_hugging_face {
            asked.push(READ_MCP.to_owned());
        }
        let failure = Failure::new(
            Code::OauthScope,
            format!("the login of `{server}` lacks a scope"),
        );
        let failure = match asked.as_slice() {
            [] => failure.cause("it answered 403 and does not say which"),
            asked => failure.cause(format!("it asks for {}", shown(&asked.join(" ")))),
        };
        let failure = match scopes.as_slice() {
            [] => failure.cause("the scopes of the token are not known"),
            held => failure.cause(format!("the token has {}", shown(&held.join(" ")))),
        };
        for scope in asked {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        failure.remedy(
            "log in again with these scopes",
            &Remedy::LogIn {
                server: server.clone(),
                scopes: scopes.into_iter().filter(|scope| is_plain(scope)).collect(),
            },
        )
    }
}

fn call_again(server: &UpstreamName, why: &str) -> Failure {
    Failure::new(
        Code::OauthTokenRefused,
        format!("`{server}` refused the access token"),
    )
    .cause("the call was not repeated")
    .cause(why)
    .hint("call again")
}

fn refused(server: &UpstreamName, status: u16) -> Failure {
    Failure::new(
        Code::UpstreamRefused,
        format!("`{server}` refused the request"),
    )
    .cause(format!("it answered {status}"))
}

/// A scope safe to use in a command line: foreign text must not reach a shell.
fn is_plain(scope: &str) -> bool {
    scope
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/+@".contains(&byte))
        && !scope.starts_with('-')
}

/// A rejection this soon after a refresh shows that refreshing does not help.
const SOON_MILLIS: i64 = 600_000;
