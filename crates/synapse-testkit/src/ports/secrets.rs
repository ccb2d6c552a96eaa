//! A secret resolver with one answer, which counts its calls.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use secrecy::SecretString;
use synapse_core::credential::CredentialRef;
use synapse_core::ports::{ResolvedSecret, SecretResolver};
use synapse_core::{Failure, NetworkPermit};

/// A [`SecretResolver`] that returns the same answer for every reference.
#[derive(Debug)]
pub struct FixedSecret {
    answer: Result<SecretString, Failure>,
    reads: AtomicUsize,
}

impl FixedSecret {
    /// Resolves every reference to `value`. Use an obviously fake one.
    #[must_use]
    pub fn new(value: &str) -> Self {
        Self {
            answer: Ok(value.into()),
            reads: AtomicUsize::new(0),
        }
    }

    /// Fails for every reference.
    #[must_use]
    pub const fn failing(failure: Failure) -> Self {
        Self {
            answer: Err(failure),
            reads: AtomicUsize::new(0),
        }
    }

    /// Number of secret reads.
    #[must_use]
    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl SecretResolver for FixedSecret {
    async fn resolve(
        &self,
        _permit: &NetworkPermit,
        _reference: &CredentialRef,
    ) -> Result<ResolvedSecret, Failure> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let value = self.answer.clone()?;
        Ok(ResolvedSecret {
            value,
            found: "fixed by the test".to_owned(),
        })
    }
}
