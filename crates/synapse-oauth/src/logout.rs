//! Removes tokens and, on request, the registration. Sends nothing.

use synapse_core::Failure;
use synapse_core::upstream::{
    OAuthAction, OAuthEvent, RegistrationKind, TokenRecord, TokenState, UpstreamName,
};

use crate::OAuth;

/// Fate of a registered client at a logout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registrations {
    /// Kept for the next login.
    Kept,
    /// Removed, with everything else stored for the server, even if damaged.
    Forgotten,
}

/// The result of a logout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedOut {
    /// The issuers whose tokens were removed.
    pub issuers: Vec<String>,
    /// Number of changed or removed records.
    pub records: usize,
}

impl OAuth {
    /// Removes the tokens of a server. Waits for a refresh in progress; serving processes notice at
    /// their next call.
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
                code: result.as_ref().err().map(|failure| failure.code()),
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
