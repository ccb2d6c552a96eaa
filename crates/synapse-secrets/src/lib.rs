//! Secrets: resolves credential references, keeps the local vault, and the token records of logins.
//! Each kind of reference has its own module and exactly one store.
//!
//! **Invariant:** no failure, no `Debug` and no `found` text contains any part of a value. There is
//! no fallback to another store.

#[cfg(any(test, fuzzing))]
pub mod any_bytes;
mod bounded;
mod child;
mod command;
mod content;
mod exposure;
mod file;
mod keyring;
mod local_vault;
mod one_password;
mod pass;
mod reach;
mod seen;
mod server;
mod systemd;
mod tokens;
mod variable;
mod writing;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use synapse_core::credential::CredentialRef;
use synapse_core::ports::{PassphrasePrompt, ResolvedSecret, SecretResolver};
use synapse_core::{Code, Failure, NetworkPermit, Remedy};
use synapse_home::Home;
use synapse_process::Guard;

pub use self::exposure::{Inspected, Mend, Scanned};
pub use self::local_vault::NewKey;
pub use self::tokens::TokenRecords;
pub use self::writing::NoPrompt;

/// Looks up an environment variable.
pub type Environment = Arc<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

/// Reads credentials from the stores that references name, and writes to some of them.
///
/// Nothing is read before [`SecretResolver::resolve`] is called, and nothing is cached: a replaced
/// token takes effect with the next call.
#[derive(Clone)]
pub struct Secrets {
    user_home: Option<PathBuf>,
    environment: Environment,
    home: Option<Home>,
    prompt: Arc<dyn PassphrasePrompt>,
    deadline: Duration,
    guard: Guard,
}

impl Secrets {
    /// A resolver for which `~/` is `user_home` and variables are those of `environment`. It has no
    /// local vault and cannot ask the user.
    #[must_use]
    pub fn new(user_home: Option<PathBuf>, environment: Environment) -> Self {
        Self {
            user_home,
            environment,
            home: None,
            prompt: Arc::new(NoPrompt),
            deadline: DEADLINE,
            guard: Guard::none(),
        }
    }

    /// Uses the local vault, and the settings of the Vault server, in `home`.
    #[must_use]
    pub fn at_home(mut self, home: Home) -> Self {
        self.home = Some(home);
        self
    }

    /// Asks for passphrases with `prompt`.
    #[must_use]
    pub fn asking(mut self, prompt: Arc<dyn PassphrasePrompt>) -> Self {
        self.prompt = prompt;
        self
    }

    /// Guards the programs of stores with `guard`, instead of not at all.
    #[must_use]
    pub fn guarded_by(mut self, guard: Guard) -> Self {
        self.guard = guard;
        self
    }

    /// Gives every store `deadline` to answer, instead of 10 seconds.
    #[must_use]
    pub const fn within(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Seals the local vault under another key, and returns notes for the user.
    ///
    /// # Errors
    /// `credential.*` for the vault and both keys, `storage.*`. The vault is left unchanged.
    pub async fn rekey(&self, new: NewKey) -> Result<Vec<String>, Failure> {
        local_vault::rekey(self, new).await
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
    /// Asks one store once, for no longer than the deadline. Needs a tokio runtime with I/O and
    /// time.
    async fn resolve(
        &self,
        permit: &NetworkPermit,
        reference: &CredentialRef,
    ) -> Result<ResolvedSecret, Failure> {
        match reference {
            CredentialRef::File(path) => file::resolve(self, path).await,
            CredentialRef::Env(name) => variable::resolve(name, (self.environment)(name)),
            CredentialRef::Keyring(account) => keyring::resolve(self, account).await,
            CredentialRef::LocalVault(name) => local_vault::resolve(self, name).await,
            CredentialRef::Vault(secret) => server::resolve(self, permit, secret).await,
            CredentialRef::OnePassword(reference) => one_password::resolve(self, reference).await,
            CredentialRef::Pass(path) => pass::resolve(self, path).await,
            CredentialRef::Systemd(name) => systemd::resolve(self, name).await,
            CredentialRef::Command(words) => command::resolve(self, words).await,
            _ => Err(Failure::new(
                Code::CredentialInvalidReference,
                "this kind of credential reference is not supported here",
            )),
        }
        .map_err(|failure| failure.with("credential", reference))
    }

    async fn inspect(&self, reference: &CredentialRef) -> Vec<Failure> {
        let flaws = exposure::inspect(self, reference).await.into_iter();
        let named = flaws.map(|flaw| flaw.with("credential", reference));
        named.collect()
    }

    async fn reach(&self, reference: &CredentialRef) -> Result<String, Failure> {
        reach::reach(self, reference)
            .await
            .map_err(|failure| failure.with("credential", reference))
    }
}

/// Long enough for a store on the network, short enough for an IDE that waits.
const DEADLINE: Duration = Duration::from_secs(10);

/// The refusal to overwrite the secret in `place`.
fn exists(place: &str, reference: CredentialRef) -> Failure {
    Failure::new(Code::CredentialExists, format!("{place} already exists"))
        .cause("it was left as it is")
        .remedy("replace it", &Remedy::ReplaceSecret { reference })
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
