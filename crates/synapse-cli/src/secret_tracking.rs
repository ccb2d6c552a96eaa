//! Remembers every resolved secret, so that it can be removed from all output.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use synapse_core::credential::CredentialRef;
use synapse_core::error::Failure;
use synapse_core::gate::NetworkPermit;
use synapse_core::ports::{ResolvedSecret, SecretResolver};
use synapse_core::redact::{KnownSecrets, Redactor};

/// Receives every value right after it was resolved. Does nothing in the product; the test build
/// panics there.
pub type Resolved = fn(&str);

/// A resolver whose values are remembered.
#[derive(Debug)]
pub(crate) struct Remembering {
    inner: Arc<dyn SecretResolver>,
    seen: KnownSecrets,
    resolved: Resolved,
}

impl Remembering {
    pub(crate) fn new(
        inner: Arc<dyn SecretResolver>,
        seen: KnownSecrets,
        resolved: Resolved,
    ) -> Self {
        Self {
            inner,
            seen,
            resolved,
        }
    }
}

#[async_trait]
impl SecretResolver for Remembering {
    async fn resolve(
        &self,
        permit: &NetworkPermit,
        reference: &CredentialRef,
    ) -> Result<ResolvedSecret, Failure> {
        let found = self.inner.resolve(permit, reference).await?;
        self.seen.remember(&found.value);
        (self.resolved)(found.value.expose_secret());
        Ok(found)
    }

    fn redactor(&self, value: &SecretString) -> Redactor {
        self.seen.remember(value)
    }

    async fn inspect(&self, reference: &CredentialRef) -> Vec<Failure> {
        self.inner.inspect(reference).await
    }

    async fn reach(&self, reference: &CredentialRef) -> Result<String, Failure> {
        self.inner.reach(reference).await
    }
}
