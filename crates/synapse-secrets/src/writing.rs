//! Writes secrets: the kinds of stores that Synapse writes to, and the remedies for the others.

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use synapse_core::credential::CredentialRef;
use synapse_core::ports::{
    Kept, PassphrasePrompt, PassphrasePurpose, SecretWriter, Shelf, Writing,
};
use synapse_core::shell::quote_text;
use synapse_core::{Code, Failure, Hint, Remedy};

use super::{Secrets, content, file, keyring, local_vault, server};

#[async_trait]
impl SecretWriter for Secrets {
    fn place(&self, reference: &CredentialRef) -> String {
        match reference {
            CredentialRef::File(path) => {
                let path = file::expand(path, self.user_home.as_deref());
                path.map_or_else(
                    |_| reference.to_string(),
                    |path| format!("the file {}", synapse_home::failure::shown(&path)),
                )
            }
            CredentialRef::Env(name) => format!("the environment variable {name}"),
            CredentialRef::Keyring(account) => keyring::shown(account),
            CredentialRef::LocalVault(name) => local_vault::shown_place(self, name),
            CredentialRef::Vault(secret) => {
                format!("{} ({})", server::shown(secret), server::server(self))
            }
            CredentialRef::OnePassword(_) => format!("1Password, read by op: {reference}"),
            CredentialRef::Pass(path) => format!("the entry `{path}` of the password store"),
            CredentialRef::Systemd(name) => {
                format!("the file `{name}` in the credentials directory of systemd")
            }
            CredentialRef::Command(words) => {
                let program = words.first().map(String::as_str).unwrap_or_default();
                format!("what `{program}` prints")
            }
            _ => reference.to_string(),
        }
    }

    fn writable(&self, reference: &CredentialRef) -> Result<(), Failure> {
        let refusal = Failure::new(
            Code::CredentialStoreReadOnly,
            format!(
                "Synapse does not write to {}: references",
                reference.scheme()
            ),
        )
        .cause("nothing was changed");
        let refusal = match reference {
            CredentialRef::File(_) | CredentialRef::Keyring(_) | CredentialRef::LocalVault(_) => {
                return Ok(());
            }
            CredentialRef::Env(_) => {
                refusal.hint("set the variable where the process that sends is started")
            }
            CredentialRef::Vault(secret) => refusal.shell(
                "the value is read from stdin",
                format!(
                    "vault kv patch -mount={} {} {}=-",
                    quote_text(&secret.mount),
                    quote_text(&secret.path),
                    quote_text(&secret.field)
                ),
            ),
            CredentialRef::OnePassword(_) => refusal.hint("change the item in the 1Password app"),
            CredentialRef::Pass(path) => refusal.shell(
                "write or replace the entry",
                format!("pass insert {}", quote_text(path)),
            ),
            CredentialRef::Systemd(name) => refusal.shell(
                "seal it for the unit, and name it in LoadCredentialEncrypted=",
                format!("systemd-creds encrypt --name={name} - {name}.cred"),
            ),
            _ => refusal.hint("write the secret with that program"),
        };
        Err(refusal.with("credential", reference))
    }

    async fn expect_none(&self, reference: &CredentialRef) -> Result<(), Failure> {
        match reference {
            CredentialRef::File(path) => file::expect_none(path, self.user_home.as_deref()),
            CredentialRef::Keyring(account) => keyring::expect_none(self, account).await,
            CredentialRef::LocalVault(name) => local_vault::expect_none(self, name).await,
            _ => Ok(()),
        }
        .map_err(|failure| failure.with("credential", reference))
    }

    async fn keep(
        &self,
        reference: &CredentialRef,
        value: SecretString,
        writing: Writing,
    ) -> Result<Kept, Failure> {
        self.writable(reference)?;
        // The same rules as for reading, so that a stored value is usable.
        let value = content::check(value.expose_secret().as_bytes())
            .map_err(|flaw| flaw.failure("the given value"))?;
        let notes = match reference {
            CredentialRef::File(path) => {
                file::keep(path, self.user_home.as_deref(), &value, writing).map(|()| Vec::new())
            }
            CredentialRef::Keyring(account) => keyring::keep(self, account, value, writing)
                .await
                .map(|()| Vec::new()),
            CredentialRef::LocalVault(name) => local_vault::keep(self, name, value, writing).await,
            _ => self.writable(reference).map(|()| Vec::new()),
        }
        .map_err(|failure| failure.with("credential", reference))?;
        Ok(Kept {
            place: self.place(reference),
            notes,
        })
    }

    async fn remove(&self, reference: &CredentialRef) -> Result<(), Failure> {
        self.writable(reference)?;
        match reference {
            CredentialRef::File(path) => file::remove(path, self.user_home.as_deref()),
            CredentialRef::Keyring(account) => keyring::remove(self, account).await,
            CredentialRef::LocalVault(name) => local_vault::remove(self, name).await,
            _ => self.writable(reference),
        }
        .map_err(nothing_removed)
        .map_err(|failure| failure.with("credential", reference))
    }

    async fn list(&self, shelf: Shelf) -> Result<Vec<CredentialRef>, Failure> {
        match shelf {
            Shelf::Keyring => keyring::list(self).await,
            Shelf::LocalVault => local_vault::list(self).await,
            _ => Ok(Vec::new()),
        }
    }
}

/// To store a missing secret is no remedy when it was to be removed.
fn nothing_removed(failure: Failure) -> Failure {
    let stores = |hint: &&Hint| matches!(hint.remedy, Some(Remedy::StoreSecret { .. }));
    if !failure.hints().iter().any(|hint| stores(&hint)) {
        return failure;
    }
    failure.with_hints(vec![Hint::new("nothing was removed; check the reference")])
}

/// Cannot ask: for `serve`, whose stdin belongs to the protocol, and without a terminal.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPrompt;

impl PassphrasePrompt for NoPrompt {
    fn ask(&self, purpose: PassphrasePurpose) -> Result<SecretString, Failure> {
        let cause = match purpose {
            PassphrasePurpose::Choose => "a new passphrase is needed",
            _ => "it is sealed with a passphrase",
        };
        Err(
            Failure::new(Code::CredentialStoreLocked, "the local vault is locked")
                .cause(format!("{cause}, and asking for it needs a terminal"))
                .hint("seal it with a key file, and set SYNAPSE_VAULT_KEY_FILE to that"),
        )
    }
}
