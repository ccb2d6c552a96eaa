//! Resolves credential references: `file:` and `env:`, each in exactly one place.
//!
//! **Invariant:** no failure, no `Debug` and no `found` text holds any part of a value.

mod content;
mod file;
mod variable;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use synapse_core::credential::CredentialRef;
use synapse_core::ports::{ResolvedSecret, SecretResolver};
use synapse_core::{Code, Failure, NetworkPermit};

/// Looks an environment variable up.
pub type Environment = Arc<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

/// Reads credentials from files and environment variables.
///
/// Nothing is read before [`SecretResolver::resolve`] is called, and nothing is kept afterwards: a
/// token that its owner replaces is in force with the next call.
#[derive(Clone)]
pub struct Secrets {
    user_home: Option<PathBuf>,
    environment: Environment,
}

impl Secrets {
    /// A resolver for which `~/` is `user_home` and variables are those of `environment`.
    #[must_use]
    pub fn new(user_home: Option<PathBuf>, environment: Environment) -> Self {
        Self {
            user_home,
            environment,
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Secrets")
            .field("user_home", &self.user_home)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl SecretResolver for Secrets {
    /// Reads at most 8 KiB of one regular file, which takes microseconds: it is done in place.
    async fn resolve(
        &self,
        _permit: &NetworkPermit,
        reference: &CredentialRef,
    ) -> Result<ResolvedSecret, Failure> {
        match reference {
            CredentialRef::File(path) => file::resolve(path, self.user_home.as_deref()),
            CredentialRef::Env(name) => variable::resolve(name, (self.environment)(name)),
            _ => Err(Failure::new(
                Code::CredentialInvalidReference,
                "this kind of credential reference is not supported here",
            )),
        }
        .map_err(|failure| failure.with("credential", reference))
    }
}
