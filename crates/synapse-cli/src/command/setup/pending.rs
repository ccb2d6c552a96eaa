//! A typed key that is not stored yet: calls may use it, so that it is proven before anything is
//! written.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use secrecy::SecretString;
use synapse_core::credential::CredentialRef;
use synapse_core::error::Failure;
use synapse_core::gate::NetworkPermit;
use synapse_core::ports::{ResolvedSecret, SecretResolver};
use synapse_core::redact::Redactor;
use synapse_secrets::Secrets;

/// Resolves one reference from memory and every other from its store.
#[derive(Debug)]
pub(super) struct Pending {
    inner: Secrets,
    held: Mutex<Option<(CredentialRef, SecretString)>>,
}

impl Pending {
    pub(super) fn new(inner: Secrets) -> Arc<Self> {
        Arc::new(Self {
            inner,
            held: Mutex::new(None),
        })
    }

    /// Holds `value` for `reference`, replacing the previous one.
    pub(super) fn hold(&self, reference: CredentialRef, value: SecretString) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some((reference, value));
    }

    /// The held key.
    pub(super) fn held(&self) -> Option<(CredentialRef, SecretString)> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.clone()
    }

    /// Drops the held key.
    pub(super) fn forget(&self) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn held_for(&self, reference: &CredentialRef) -> Option<SecretString> {
        let (held, value) = self.held()?;
        (held == *reference).then_some(value)
    }
}

#[async_trait]
impl SecretResolver for Pending {
    async fn resolve(
        &self,
        permit: &NetworkPermit,
        reference: &CredentialRef,
    ) -> Result<ResolvedSecret, Failure> {
        match self.held_for(reference) {
            Some(value) => Ok(ResolvedSecret {
                value,
                found: "given, and not kept yet".to_owned(),
            }),
            None => self.inner.resolve(permit, reference).await,
        }
    }

    fn redactor(&self, value: &SecretString) -> Redactor {
        self.inner.redactor(value)
    }

    async fn inspect(&self, reference: &CredentialRef) -> Vec<Failure> {
        match self.held_for(reference) {
            Some(_) => Vec::new(),
            None => self.inner.inspect(reference).await,
        }
    }

    async fn reach(&self, reference: &CredentialRef) -> Result<String, Failure> {
        self.inner.reach(reference).await
    }
}
