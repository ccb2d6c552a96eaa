//! Forgets tokens, and the registration where that is asked for. Sends nothing.

use synapse_core::Failure;
use synapse_core::upstream::{
    OAuthAction, OAuthEvent, RegistrationKind, TokenRecord, TokenState, UpstreamName,
};

use crate::OAuth;

/// What becomes of a registered client at a logout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registrations {
    /// It stays for the next login.
    Kept,
    /// It goes, too, and whatever else is stored of the server, damaged or not.
    Forgotten,
}

/// What a logout did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedOut {
    /// The issuers whose tokens are gone.
    pub issuers: Vec<String>,
    /// How many records were changed or removed.
    pub records: usize,
}

impl OAuth {
    /// Forgets the tokens of a server. A refresh under way ends first; a process that serves sees it
    /// at its next call.
    ///
    /// # Errors
    /// `oauth.store-unavailable`, `storage.*`.
    pub async fn log_out(
        &self,
        config: &str,
        server: &UpstreamName,
        registrations: Registrations,
    ) -> Result<LoggedOut, Failure> {
        let result = self.forget(config, server, registrations).await;
        let issuer = result.as_ref().ok().and_then(|done| done.issuers.first());
        self.recorder
            .record(&OAuthEvent {
                action: OAuthAction::Logout,
                server: server.clone(),
                issuer: issuer.cloned(),
                client: None,
                scopes: Vec::new(),
                generation: None,
                code: result.as_ref().err().map(|failure| failure.code),
                requests: 0,
                at: self.clock.now(),
            })
            .await;
        result
    }

    async fn forget(
        &self,
        config: &str,
        server: &UpstreamName,
        registrations: Registrations,
    ) -> Result<LoggedOut, Failure> {
        let found = self.store.of_server(config, server).await;
        if registrations == Registrations::Forgotten {
            let issuers = found.unwrap_or_default();
            return Ok(LoggedOut {
                issuers: issuers.into_iter().map(|(key, _)| key.issuer).collect(),
                records: self.store.forget(config, server).await?,
            });
        }
        let mut done = LoggedOut {
            issuers: Vec::new(),
            records: 0,
        };
        for (key, _) in found? {
            let mut transaction = self.store.begin(&key).await?;
            let Some(record) = transaction.load().await? else {
                continue;
            };
            if record.access.is_none() && record.refresh.is_none() {
                continue;
            }
            done.issuers.push(key.issuer.clone());
            done.records += 1;
            if record.client.kind != RegistrationKind::Registered {
                transaction.remove().await?;
                continue;
            }
            let expected = Some(record.generation);
            let emptied = TokenRecord {
                generation: record.generation.saturating_add(1),
                state: TokenState::Expired,
                access: None,
                refresh: None,
                scopes: Vec::new(),
                expires_at: None,
                ..record
            };
            transaction.keep(expected, &emptied).await?;
        }
        Ok(done)
    }
}
