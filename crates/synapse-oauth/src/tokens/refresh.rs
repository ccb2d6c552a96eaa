//! One refresh for all waiting calls: lock, reread, use a newer token if there is one, else one
//! POST, store, use.

use secrecy::ExposeSecret as _;
use synapse_core::ports::TokenTransaction;
use synapse_core::upstream::{
    OAuthAction, OAuthEvent, RecordKey, TokenRecord, TokenState, UpstreamName,
};
use synapse_core::{Code, Failure, NetworkPermit, Origin};

use super::{Need, Tokens, login_required, need};
use crate::OAuth;
use crate::grant::{Grant, NoGrant, Refusal, ask};
use crate::wire::Wire;

impl Tokens {
    /// The record after a refresh, by this or another process. Continues if the caller is dropped:
    /// nothing may be lost between the answer and the disk.
    pub(super) async fn refreshed(
        &self,
        permit: NetworkPermit,
        key: RecordKey,
        seen: TokenRecord,
    ) -> Result<TokenRecord, Failure> {
        let oauth = self.oauth.clone();
        let wire = oauth.wire(&key.url, self.issuer_of());
        let work = tokio::spawn(async move { refresh(&oauth, &wire, &permit, &key, &seen).await });
        match work.await {
            Ok(result) => result,
            Err(error) => Err(
                Failure::new(Code::InternalInvariant, "a refresh did not end").caused_by(&error),
            ),
        }
    }
}

async fn refresh(
    oauth: &OAuth,
    wire: &Wire,
    permit: &NetworkPermit,
    key: &RecordKey,
    seen: &TokenRecord,
) -> Result<TokenRecord, Failure> {
    let mut transaction = oauth.store.begin(key).await?;
    let Some(record) = transaction.load().await? else {
        return Err(login_required(&key.server, "its login was ended meanwhile"));
    };
    if record.access.is_none() {
        return Err(login_required(&key.server, "its login was ended meanwhile"));
    }
    match need(&record, oauth.clock.now()) {
        // Another process was faster.
        Need::Nothing => return Ok(record),
        Need::Login => return Err(login_required(&key.server, "the stored login has ended")),
        Need::Refresh => {}
    }
    if Origin::of(&record.token_endpoint) != Origin::of(&seen.token_endpoint) {
        // Another process logged in again meanwhile; the permit is for the previous endpoint.
        return Err(Failure::new(
            Code::OauthIssuerChanged,
            format!(
                "`{}` was just logged in at another token endpoint",
                key.server
            ),
        )
        .cause("nothing was sent")
        .hint("call again: the new login is used"));
    }
    let refreshing = Refreshing {
        oauth,
        permit,
        key,
        wire,
    };
    let result = refreshing.perform(transaction.as_mut(), &record).await;
    let kept = result.as_ref().ok();
    oauth
        .recorder
        .record(&OAuthEvent {
            action: OAuthAction::Refresh,
            server: key.server.clone(),
            issuer: Some(key.issuer.clone()),
            client: Some(record.client.kind),
            scopes: kept.map_or_else(|| record.scopes.clone(), |kept| kept.scopes.clone()),
            generation: kept.map(|kept| kept.generation),
            code: result.as_ref().err().map(|failure| failure.code()),
            requests: wire.sent(),
            at: oauth.clock.now(),
        })
        .await;
    result
}

struct Refreshing<'a> {
    oauth: &'a OAuth,
    permit: &'a NetworkPermit,
    key: &'a RecordKey,
    wire: &'a Wire,
}

impl Refreshing<'_> {
    async fn perform(
        &self,
        transaction: &mut dyn TokenTransaction,
        record: &TokenRecord,
    ) -> Result<TokenRecord, Failure> {
        let generation = Some(record.generation);
        let mark = match record.state {
            // The lock's holder died: its refresh token may or may not be used up.
            TokenState::Refreshing => TokenState::Retrying,
            TokenState::Retrying => {
                let expired = with_state(record, TokenState::Expired);
                transaction.keep(generation, &expired).await?;
                let why = "a refresh was broken off twice";
                return Err(login_required(&self.key.server, why));
            }
            _ => TokenState::Refreshing,
        };
        transaction.reserve().await?;
        transaction
            .keep(generation, &with_state(record, mark))
            .await?;
        match self.ask(record).await {
            Ok(grant) => {
                let renewed = self.renewed(record, grant);
                transaction.keep(generation, &renewed).await?;
                Ok(renewed)
            }
            Err(NoGrant::Refused(refusal)) if refusal.error == "invalid_grant" => {
                self.lost(transaction, record, &refusal).await
            }
            Err(no_grant) => {
                // The state of the grant is unknown, so it is unchanged.
                transaction.keep(generation, record).await?;
                Err(match no_grant {
                    NoGrant::Failed(failure) => *failure,
                    NoGrant::Refused(refusal) => crate::device::refused(&refusal),
                }
                .of_server(&self.key.server))
            }
        }
    }

    async fn ask(&self, record: &TokenRecord) -> Result<Grant, NoGrant> {
        let Some(refresh) = &record.refresh else {
            let why = "the login has no refresh token";
            return Err(NoGrant::Failed(Box::new(login_required(
                &self.key.server,
                why,
            ))));
        };
        self.oauth.remember(refresh);
        let mut form = vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.expose_secret()),
        ];
        if let Some(resource) = &record.resource {
            form.push(("resource", resource));
        }
        let endpoint = &record.token_endpoint;
        ask(self.wire, self.permit, endpoint, &record.client, &form).await
    }

    fn renewed(&self, record: &TokenRecord, grant: Grant) -> TokenRecord {
        self.oauth.remember(&grant.access);
        if let Some(refresh) = &grant.refresh {
            self.oauth.remember(refresh);
        }
        let now = self.oauth.clock.now();
        let expires_at = crate::login::expiry(now, &grant);
        TokenRecord {
            generation: record.generation.saturating_add(1),
            state: match record.state {
                TokenState::Refused => TokenState::Renewed,
                _ => TokenState::Usable,
            },
            access: Some(grant.access),
            // Without a new one, the old refresh token stays valid (RFC 6749, section 6).
            refresh: grant.refresh.or_else(|| record.refresh.clone()),
            scopes: grant.scopes.unwrap_or_else(|| record.scopes.clone()),
            expires_at,
            obtained_at: now,
            ..record.clone()
        }
    }

    /// The refresh token is used up or revoked. Rereads the record, which another program may have
    /// changed without the lock; otherwise marks it. The registration stays.
    async fn lost(
        &self,
        transaction: &mut dyn TokenTransaction,
        record: &TokenRecord,
        refusal: &Refusal,
    ) -> Result<TokenRecord, Failure> {
        let again = transaction.load().await?;
        if let Some(again) = again
            && again.generation != record.generation
        {
            return match need(&again, self.oauth.clock.now()) {
                Need::Nothing => Ok(again),
                Need::Refresh | Need::Login => Err(ended(&self.key.server, refusal)),
            };
        }
        let expired = with_state(record, TokenState::Expired);
        transaction.keep(Some(record.generation), &expired).await?;
        Err(ended(&self.key.server, refusal))
    }
}

fn ended(server: &UpstreamName, refusal: &Refusal) -> Failure {
    login_required(
        server,
        "the authorization server no longer accepts the refresh token",
    )
    .cause(refusal.cause())
}

fn with_state(record: &TokenRecord, state: TokenState) -> TokenRecord {
    TokenRecord {
        state,
        ..record.clone()
    }
}
