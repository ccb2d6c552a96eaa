//! Stores the result of a login under its record's lock, with the next generation.

use synapse_core::Failure;
use synapse_core::time::Timestamp;
use synapse_core::upstream::{OAuthClient, RecordKey, TokenRecord, TokenState};

use super::Login;
use super::find::Prerequisites;
use crate::grant::Grant;

impl Login<'_, '_> {
    fn key(&self, ground: &Prerequisites) -> RecordKey {
        RecordKey {
            config: self.request.config.to_owned(),
            server: self.request.server.clone(),
            url: self.request.url.clone(),
            issuer: ground.server.issuer.clone(),
        }
    }

    pub(super) async fn keep(
        &mut self,
        ground: &Prerequisites,
        client: OAuthClient,
        grant: Grant,
    ) -> Result<TokenRecord, Failure> {
        self.oauth.remember(&grant.access);
        if let Some(refresh) = &grant.refresh {
            self.oauth.remember(refresh);
        }
        let now = self.now();
        let record = TokenRecord {
            generation: 0,
            state: TokenState::Usable,
            client,
            token_endpoint: ground.server.token_endpoint.clone(),
            resource: ground.resource.clone(),
            expires_at: expiry(now, &grant),
            access: Some(grant.access),
            refresh: grant.refresh,
            scopes: grant.scopes.unwrap_or_else(|| ground.scopes.clone()),
            obtained_at: now,
        };
        let record = self.write(&self.key(ground), record).await?;
        for key in &ground.replaced {
            self.oauth.store.begin(key).await?.remove().await?;
        }
        Ok(record)
    }

    /// Stores a registration without tokens. Existing tokens stay until they are replaced.
    pub(super) async fn keep_registration(
        &mut self,
        ground: &Prerequisites,
        client: &OAuthClient,
    ) -> Result<(), Failure> {
        let has_tokens = |record: &TokenRecord| record.access.is_some();
        if ground
            .stored
            .as_ref()
            .is_some_and(|(_, record)| has_tokens(record))
        {
            return Ok(());
        }
        let record = TokenRecord {
            generation: 0,
            state: TokenState::Expired,
            client: client.clone(),
            token_endpoint: ground.server.token_endpoint.clone(),
            resource: ground.resource.clone(),
            access: None,
            refresh: None,
            scopes: Vec::new(),
            expires_at: None,
            obtained_at: self.now(),
        };
        self.write(&self.key(ground), record).await.map(drop)
    }

    /// If the disk filled up during the login, the reserved space is used.
    async fn write(
        &mut self,
        key: &RecordKey,
        record: TokenRecord,
    ) -> Result<TokenRecord, Failure> {
        let mut transaction = self.oauth.store.begin(key).await?;
        let before = transaction.load().await?.map(|record| record.generation);
        let record = TokenRecord {
            generation: before.unwrap_or(0).saturating_add(1),
            ..record
        };
        if transaction.keep(before, &record).await.is_err() {
            self.claim.give_room();
            transaction.keep(before, &record).await?;
        }
        Ok(record)
    }
}

/// Expiry of the token of `grant`, received at `now`.
pub(crate) fn expiry(now: Timestamp, grant: &Grant) -> Option<Timestamp> {
    let lifetime = i64::try_from(grant.lifetime?.as_millis()).ok()?;
    Some(Timestamp::from_millis(
        now.as_millis().saturating_add(lifetime),
    ))
}
