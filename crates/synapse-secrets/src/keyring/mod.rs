//! `keyring:` references: items of the service `synapse` in the system's keyring, one per secret.
//! The platform modules, with the texts of their failures, are in `keyring/`.

#[cfg_attr(target_os = "macos", path = "macos.rs")]
#[cfg_attr(windows, path = "windows.rs")]
#[cfg_attr(all(unix, not(target_os = "macos")), path = "secret_service.rs")]
mod platform;

use std::time::Duration;

use keyring_core::{Entry, Error};
use secrecy::zeroize::{Zeroize as _, Zeroizing};
use secrecy::{ExposeSecret as _, SecretString};
use synapse_core::credential::CredentialRef;
use synapse_core::ports::{ResolvedSecret, Writing};
use synapse_core::{Code, Failure, Remedy};

use super::bounded::bounded;
use super::{Secrets, content};

/// Reads the item of `account`.
pub(super) async fn resolve(secrets: &Secrets, account: &str) -> Result<ResolvedSecret, Failure> {
    let name = account.to_owned();
    let value = bounded(secrets.deadline, STORE, move || {
        let found = entry(&name).and_then(|entry| entry.get_secret());
        let bytes = Zeroizing::new(found.map_err(|error| failure(&name, error))?);
        content::check(&bytes).map_err(|flaw| flaw.failure(&shown(&name)))
    })
    .await?;
    Ok(ResolvedSecret {
        value,
        found: format!("{}, one line", shown(account)),
    })
}

/// Fails when `account` has an item.
pub(super) async fn expect_none(secrets: &Secrets, account: &str) -> Result<(), Failure> {
    let taken = list(secrets)
        .await?
        .iter()
        .any(|each| matches!(each, CredentialRef::Keyring(listed) if listed == account));
    if taken { Err(exists(account)) } else { Ok(()) }
}

fn exists(account: &str) -> Failure {
    super::exists(&shown(account), CredentialRef::Keyring(account.to_owned()))
}

/// Stores `value` in the item of `account`.
pub(super) async fn keep(
    secrets: &Secrets,
    account: &str,
    value: SecretString,
    writing: Writing,
) -> Result<(), Failure> {
    let name = account.to_owned();
    bounded(secrets.deadline, STORE, move || {
        let entry = entry(&name).map_err(|error| failure(&name, error))?;
        match (entry.get_secret().map(Zeroizing::new), writing) {
            (Err(Error::NoEntry), Writing::Create) | (Ok(_), Writing::Replace) => {}
            (Ok(_), Writing::Create) => return Err(exists(&name)),
            (Err(error), _) => return Err(failure(&name, error)),
        }
        entry
            .set_secret(value.expose_secret().as_bytes())
            .map_err(|error| failure(&name, error))
    })
    .await
}

/// Removes the item of `account`.
pub(super) async fn remove(secrets: &Secrets, account: &str) -> Result<(), Failure> {
    let name = account.to_owned();
    bounded(secrets.deadline, STORE, move || {
        entry(&name)
            .and_then(|entry| entry.delete_credential())
            .map_err(|error| failure(&name, error))
    })
    .await
}

/// The references to all items of the service.
pub(super) async fn list(secrets: &Secrets) -> Result<Vec<CredentialRef>, Failure> {
    bounded(secrets.deadline, STORE, || {
        let entries = platform::store()
            .and_then(|store| store.search(&platform::terms(SERVICE)))
            .map_err(|error| failure("*", error))?;
        let mut accounts: Vec<String> = entries
            .iter()
            .filter_map(Entry::get_specifiers)
            .filter(|(service, _)| service == SERVICE)
            .map(|(_, account)| account)
            .collect();
        accounts.sort();
        // Items of other programs with names that no reference can have are not ours.
        Ok(accounts
            .iter()
            .filter_map(|account| format!("keyring:{account}").parse().ok())
            .collect())
    })
    .await
}

/// One item, and the deadline of the request.
#[derive(Debug)]
pub(crate) struct ItemRequest {
    pub(crate) service: &'static str,
    pub(crate) account: String,
    pub(crate) limit: Duration,
}

impl ItemRequest {
    fn entry(&self) -> Result<Entry, Error> {
        platform::store()?.build(self.service, &self.account, None)
    }
}

/// The unchanged content of an item.
pub(crate) async fn read_item(asked: ItemRequest) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    bounded(asked.limit, STORE, move || {
        match asked.entry().and_then(|entry| entry.get_secret()) {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(failure(&asked.account, error)),
        }
    })
    .await
}

/// Stores `content` in an item, replacing the previous content.
pub(crate) async fn write_item(
    asked: ItemRequest,
    content: Zeroizing<Vec<u8>>,
) -> Result<(), Failure> {
    bounded(asked.limit, STORE, move || {
        let written = asked.entry().and_then(|entry| entry.set_secret(&content));
        written.map_err(|error| failure(&asked.account, error))
    })
    .await
}

/// Removes an item, if it exists.
pub(crate) async fn remove_item(asked: ItemRequest) -> Result<(), Failure> {
    bounded(asked.limit, STORE, move || {
        match asked.entry().and_then(|entry| entry.delete_credential()) {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(failure(&asked.account, error)),
        }
    })
    .await
}

/// The accounts of all items of `service`.
pub(crate) async fn accounts_of(
    service: &'static str,
    limit: Duration,
) -> Result<Vec<String>, Failure> {
    bounded(limit, STORE, move || {
        let entries = platform::store()
            .and_then(|store| store.search(&platform::terms(service)))
            .map_err(|error| failure("*", error))?;
        Ok(entries
            .iter()
            .filter_map(Entry::get_specifiers)
            .filter(|(found, _)| found == service)
            .map(|(_, account)| account)
            .collect())
    })
    .await
}

/// Checks that a keyring exists, without asking it.
pub(super) fn reach(secrets: &Secrets, account: &str) -> Result<String, Failure> {
    platform::reach(&secrets.environment)?;
    Ok(format!("{}; not read", shown(account)))
}

/// The description of an item.
pub(super) fn shown(account: &str) -> String {
    format!("the {}", item(account))
}

fn item(account: &str) -> String {
    format!("keyring item `{account}` of the service `{SERVICE}`")
}

fn entry(account: &str) -> Result<Entry, Error> {
    platform::store()?.build(SERVICE, account, None)
}

fn failure(account: &str, error: Error) -> Failure {
    match error {
        Error::NoEntry => Failure::new(
            Code::CredentialMissing,
            format!("there is no {}", item(account)),
        )
        .remedy(
            "create it; the token is asked for",
            &Remedy::StoreSecret {
                reference: CredentialRef::Keyring(account.to_owned()),
            },
        ),
        Error::Ambiguous(entries) => Failure::new(
            Code::CredentialAmbiguous,
            format!(
                "{} items of the keyring fit {}",
                entries.len(),
                shown(account)
            ),
        )
        .hint("remove all but one of them with the system's keyring program"),
        Error::NoStorageAccess(_) => locked(),
        Error::PlatformFailure(error) => platform::failure(error.as_ref()),
        // These contain the bytes of the secret: not even their types are shown.
        Error::BadEncoding(mut bytes) | Error::BadDataFormat(mut bytes, _) => {
            bytes.zeroize();
            unknown().cause("the item is not in the form that the keyring itself writes")
        }
        Error::TooLong(what, limit) => unknown().cause(format!(
            "the keyring takes at most {limit} characters for its field {what}"
        )),
        _ => unknown(),
    }
    .with("account", account)
}

fn locked() -> Failure {
    Failure::new(
        Code::CredentialStoreLocked,
        "the system's keyring is locked",
    )
    .cause("its password prompt was dismissed or could not be shown")
    .hint("unlock it, for example by logging in to the desktop, and try again")
    .hint("without a desktop, use vault:local/NAME or file:PATH")
}

fn unknown() -> Failure {
    Failure::new(Code::CredentialStoreFailed, "the system's keyring failed")
        .hint("look at the item with the system's keyring program")
}

const STORE: &str = "the system's keyring";
/// The service of all our items.
const SERVICE: &str = "synapse";
