//! `vault:local/NAME` references: entries of one file that is sealed with age, under a key file or
//! a passphrase. The file's content decides which of the two opens it; neither replaces the other.
//!
//! **Invariant:** plaintext is never written to disk. A change is read, made and sealed in memory
//! under an inter-process lock, and replaces the file atomically.

mod entries;
mod envelope;
mod key;

use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use synapse_core::credential::CredentialRef;
use synapse_core::ports::{PassphrasePrompt, PassphrasePurpose, ResolvedSecret, Writing};
use synapse_core::{Code, Failure, Remedy};
use synapse_files::{self as file, Found};
use synapse_home::Home;
use synapse_home::atomic::{self, Lock};
use synapse_home::failure::{of_file, reading, rely_on, shown};

use self::entries::VaultEntries;
use self::envelope::{SealKind, Sealed};
use self::key::Key;
use super::bounded::{bounded, run_blocking};
use super::{Secrets, content};

/// The new key of the local vault.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NewKey {
    /// The age identity in a file, which is created if missing.
    KeyFile(PathBuf),
    /// A passphrase, which is asked for.
    Passphrase,
}

/// The vault, and how to get its key. Creating one touches nothing.
#[derive(Debug, Clone)]
struct LocalVault {
    home: Home,
    key_file: Option<PathBuf>,
    prompt: Arc<dyn PassphrasePrompt>,
    deadline: Duration,
}

/// Reads the entry `name`.
pub(super) async fn resolve(secrets: &Secrets, name: &str) -> Result<ResolvedSecret, Failure> {
    let vault = LocalVault::of(secrets)?;
    let key = vault.key_to_open().await?;
    let place = shown_entry(name);
    let found = format!("{place}, one line");
    let missing = vault.missing(name);
    let path = vault.home.vault();
    let name = name.to_owned();
    let value = bounded(vault.deadline, STORE, move || {
        let mut entries = open(&path, &key)?;
        let value = entries.take(&name).ok_or(missing)?;
        content::check(value.expose_secret().as_bytes()).map_err(|flaw| flaw.failure(&place))
    })
    .await?;
    Ok(ResolvedSecret { value, found })
}

/// Checks that there is a vault, and that its key is available without a user. Its content is known
/// only once it is opened.
pub(super) fn reach(secrets: &Secrets) -> Result<String, Failure> {
    let vault = LocalVault::of(secrets)?;
    match (vault.look()?, &vault.key_file) {
        (None, _) => Err(vault.no_vault()),
        (Some(SealKind::KeyFile), Some(path)) => {
            key::look(path)?;
            Ok(format!("{}, opened by {}", STORE, shown(path)))
        }
        (Some(SealKind::KeyFile), None) => Err(vault.without_key_file()),
        (Some(SealKind::Passphrase), _) => Err(Failure::new(
            Code::CredentialStoreLocked,
            "the local vault is sealed with a passphrase",
        )
        .cause("a server started by an IDE cannot ask for it")
        .remedy(
            "seal it with a key file, and set SYNAPSE_VAULT_KEY_FILE to that",
            &Remedy::SealVaultWithKeyFile,
        )
        .with("file", shown(&vault.home.vault()))),
    }
}

/// Reads the header of the vault, without a key: how it is sealed, as text. `None` when there is no
/// vault.
pub(super) fn examine(home: &Home) -> Result<Option<&'static str>, Failure> {
    let path = home.vault();
    let Some(sealed) = read(&path)? else {
        return Ok(None);
    };
    let head = Sealed::parse(&sealed).and_then(|sealed| sealed.whole());
    match head.map_err(|failure| at(&path, failure))? {
        SealKind::KeyFile => Ok(Some("sealed with a key file")),
        SealKind::Passphrase => Ok(Some("sealed with a passphrase")),
    }
}

/// Stores `value` as the entry `name`, in a new vault if necessary. Returns notes for the user.
pub(super) async fn keep(
    secrets: &Secrets,
    name: &str,
    value: SecretString,
    writing: Writing,
) -> Result<Vec<String>, Failure> {
    let vault = LocalVault::of(secrets)?;
    if vault.look()?.is_none() {
        if writing == Writing::Replace {
            return Err(vault.missing(name));
        }
        return vault.begin(name.to_owned(), value).await;
    }
    let key = vault.key_to_open().await?;
    let missing = vault.missing(name);
    let name = name.to_owned();
    vault
        .change(key, move |entries| {
            match (entries.has(&name), writing) {
                (false, Writing::Create) | (true, Writing::Replace) => {}
                (true, Writing::Create) => return Err(exists(&name)),
                (false, Writing::Replace) => return Err(missing),
            }
            entries.put(name, value);
            Ok(())
        })
        .await?;
    Ok(Vec::new())
}

/// Checks that there is no entry `name`, which requires opening the vault. Its key is needed, and a
/// passphrase is asked for.
pub(super) async fn expect_none(secrets: &Secrets, name: &str) -> Result<(), Failure> {
    let vault = LocalVault::of(secrets)?;
    if vault.look()?.is_none() {
        return Ok(());
    }
    let key = vault.key_to_open().await?;
    let path = vault.home.vault();
    let name = name.to_owned();
    bounded(vault.deadline, STORE, move || {
        if open(&path, &key)?.has(&name) {
            Err(exists(&name))
        } else {
            Ok(())
        }
    })
    .await
}

/// Removes the entry `name`.
pub(super) async fn remove(secrets: &Secrets, name: &str) -> Result<(), Failure> {
    let vault = LocalVault::of(secrets)?;
    let key = vault.key_to_open().await?;
    let missing = vault.missing(name);
    let name = name.to_owned();
    vault
        .change(key, move |entries| {
            entries.take(&name).map(drop).ok_or(missing)
        })
        .await
}

/// The references to all entries; none without a vault.
pub(super) async fn list(secrets: &Secrets) -> Result<Vec<CredentialRef>, Failure> {
    let vault = LocalVault::of(secrets)?;
    if vault.look()?.is_none() {
        return Ok(Vec::new());
    }
    let key = vault.key_to_open().await?;
    let path = vault.home.vault();
    bounded(vault.deadline, STORE, move || {
        let entries = open(&path, &key)?;
        let names = entries.names().map(ToOwned::to_owned);
        Ok(names.map(CredentialRef::LocalVault).collect())
    })
    .await
}

/// Seals the vault under another key. The old key cannot open later versions.
pub(super) async fn rekey(secrets: &Secrets, new: NewKey) -> Result<Vec<String>, Failure> {
    let vault = LocalVault::of(secrets)?;
    let old = vault.key_to_open().await?;
    let path = vault.home.vault();
    // The old key first, so that a new passphrase is not requested needlessly.
    let old = bounded(vault.deadline, STORE, move || {
        open(&path, &old)?;
        Ok(old)
    })
    .await?;
    let (new, notes) = vault.new_key(new).await?;
    let locked = vault.clone();
    bounded(vault.deadline, STORE, move || {
        let path = locked.home.vault();
        let _lock = locked.lock()?;
        let entries = open(&path, &old)?;
        atomic::replace(&path, &seal(&new, &entries)?)
    })
    .await?;
    Ok(notes)
}

/// The description of the vault file.
pub(super) fn shown_place(secrets: &Secrets, name: &str) -> String {
    match &secrets.home {
        Some(home) => format!("{} {}", shown_entry(name), shown(&home.vault())),
        None => shown_entry(name),
    }
}

impl LocalVault {
    fn of(secrets: &Secrets) -> Result<Self, Failure> {
        let home = secrets.home.clone().ok_or_else(|| {
            Failure::new(
                Code::CredentialStoreNotConfigured,
                "there is no directory for the local vault",
            )
        })?;
        let written = (secrets.environment)(KEY_FILE).filter(|value| !value.is_empty());
        let key_file = written
            .map(|written| key::path(&written, secrets.user_home.as_deref()))
            .transpose()?;
        Ok(Self {
            home,
            key_file,
            prompt: Arc::clone(&secrets.prompt),
            deadline: secrets.deadline,
        })
    }

    /// How the vault is sealed; `None` when there is none.
    fn look(&self) -> Result<Option<SealKind>, Failure> {
        let path = self.home.vault();
        rely_on(&self.home, &path)?;
        let Some(sealed) = read(&path)? else {
            return Ok(None);
        };
        let lid = Sealed::parse(&sealed).map(|sealed| sealed.lid());
        lid.map(Some).map_err(|failure| at(&path, failure))
    }

    /// The key of the kind that sealed the vault: from the key file, or asked for.
    async fn key_to_open(&self) -> Result<Key, Failure> {
        match (self.look()?, &self.key_file) {
            (None, _) => Err(self.no_vault()),
            (Some(SealKind::KeyFile), Some(path)) => key::read(path),
            (Some(SealKind::KeyFile), None) => Err(self.without_key_file()),
            (Some(SealKind::Passphrase), _) => self.ask(PassphrasePurpose::Open).await,
        }
    }

    fn without_key_file(&self) -> Failure {
        Failure::new(Code::CredentialStoreLocked, "the local vault is locked")
            .cause(format!(
                "it is sealed with a key file, and {KEY_FILE} is not set"
            ))
            .hint(format!(
                "set {KEY_FILE} to the key file; for an IDE, in the `env` of its entry for Synapse"
            ))
            .with("file", shown(&self.home.vault()))
    }

    async fn ask(&self, purpose: PassphrasePurpose) -> Result<Key, Failure> {
        let prompt = Arc::clone(&self.prompt);
        // A user types: no deadline.
        run_blocking(STORE, move || prompt.ask(purpose))
            .await
            .map(Key::Passphrase)
            .map_err(|failure| failure.with("file", shown(&self.home.vault())))
    }

    /// Creates the vault with its first entry.
    async fn begin(&self, name: String, value: SecretString) -> Result<Vec<String>, Failure> {
        let wanted = match &self.key_file {
            Some(path) => NewKey::KeyFile(path.clone()),
            None => NewKey::Passphrase,
        };
        let (key, mut notes) = self.new_key(wanted).await?;
        let vault = self.clone();
        bounded(self.deadline, STORE, move || {
            vault.home.create().map_err(of_file)?;
            let path = vault.home.vault();
            let _lock = vault.lock()?;
            // Another process may have created it meanwhile.
            rely_on(&vault.home, &path)?;
            let mut entries = match read(&path)? {
                Some(_) => open(&path, &key)?,
                None => VaultEntries::default(),
            };
            if entries.has(&name) {
                return Err(exists(&name));
            }
            entries.put(name, value);
            atomic::replace(&path, &seal(&key, &entries)?)
        })
        .await?;
        notes.insert(
            0,
            format!("made the local vault {}", shown(&self.home.vault())),
        );
        Ok(notes)
    }

    async fn new_key(&self, wanted: NewKey) -> Result<(Key, Vec<String>), Failure> {
        match wanted {
            NewKey::Passphrase => Ok((self.ask(PassphrasePurpose::Choose).await?, Vec::new())),
            NewKey::KeyFile(path) => {
                let made = key::make(&path)?;
                let notes = made.then(|| {
                    format!(
                        "made the key file {}; keep a copy elsewhere: without it nothing opens the \
                         vault",
                        shown(&path)
                    )
                });
                Ok((key::read(&path)?, notes.into_iter().collect()))
            }
        }
    }

    /// Makes a change under the lock, on the current content of the file.
    async fn change(
        &self,
        key: Key,
        change: impl FnOnce(&mut VaultEntries) -> Result<(), Failure> + Send + 'static,
    ) -> Result<(), Failure> {
        let vault = self.clone();
        bounded(self.deadline, STORE, move || {
            let path = vault.home.vault();
            let _lock = vault.lock()?;
            let mut entries = open(&path, &key)?;
            change(&mut entries)?;
            atomic::replace(&path, &seal(&key, &entries)?)
        })
        .await
    }

    fn lock(&self) -> Result<Lock, Failure> {
        // Shorter than the deadline, so that an abandoned change is not made afterwards.
        Lock::acquire(&self.home.vault_lock(), self.deadline / 2)
    }

    fn missing(&self, name: &str) -> Failure {
        Failure::new(
            Code::CredentialMissing,
            format!("there is no {}", entry(name)),
        )
        .remedy(
            "create it; the token is asked for",
            &Remedy::StoreSecret {
                reference: CredentialRef::LocalVault(name.to_owned()),
            },
        )
        .with("file", shown(&self.home.vault()))
    }

    fn no_vault(&self) -> Failure {
        Failure::new(
            Code::CredentialStoreNotFound,
            format!("there is no local vault {}", shown(&self.home.vault())),
        )
        .remedy(
            "the first secret makes it",
            &Remedy::StoreSecret {
                reference: CredentialRef::LocalVault("NAME".to_owned()),
            },
        )
        .with("file", shown(&self.home.vault()))
    }
}

/// Opens the existing vault at `path`.
fn open(path: &Path, key: &Key) -> Result<VaultEntries, Failure> {
    let sealed = read(path)?.unwrap_or_default();
    Sealed::parse(&sealed)
        .and_then(|sealed| sealed.open(key))
        .and_then(|plain| VaultEntries::parse(&plain))
        .map_err(|failure| at(path, failure))
}

fn seal(key: &Key, entries: &VaultEntries) -> Result<Vec<u8>, Failure> {
    envelope::seal(key, &entries.to_bytes()?)
}

/// The content of the file at `path`; `None` when there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let mut sealed = Vec::new();
    match file::open(path) {
        Ok(Found::Regular(file, _)) => file
            .take(MAX_FILE)
            .read_to_end(&mut sealed)
            .map(|_| Some(sealed))
            .map_err(|error| reading(path, &error)),
        Ok(Found::Other(what)) => Err(synapse_home::failure::not_a_file(path, what)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(reading(path, &error)),
    }
}

fn at(path: &Path, failure: Failure) -> Failure {
    failure.with("file", shown(path))
}

fn exists(name: &str) -> Failure {
    super::exists(
        &shown_entry(name),
        CredentialRef::LocalVault(name.to_owned()),
    )
}

fn shown_entry(name: &str) -> String {
    format!("the {}", entry(name))
}

fn entry(name: &str) -> String {
    format!("entry `{name}` of the local vault")
}

const STORE: &str = "the local vault";
/// The variable that names the key file.
const KEY_FILE: &str = "SYNAPSE_VAULT_KEY_FILE";
/// Far more than a user's secrets need.
const MAX_FILE: u64 = 16 * 1024 * 1024;
