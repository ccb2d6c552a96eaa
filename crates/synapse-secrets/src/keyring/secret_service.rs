//! The Secret Service on the session bus (GNOME Keyring, KWallet, KeePassXC), through a pure Rust
//! client.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::path::PathBuf;
use std::sync::Arc;

use keyring_core::{CredentialStore, Error};
use secret_service::Error as ServiceError;
use synapse_core::{Code, Failure};
use zbus::fdo;

use crate::Environment;

/// The keyring of this session. Connects to the session bus.
pub(super) fn store() -> Result<Arc<CredentialStore>, Error> {
    let store: Arc<CredentialStore> = zbus_secret_service_keyring_store::Store::new()?;
    Ok(store)
}

/// The search terms for the items of `service`.
pub(super) fn terms(service: &str) -> HashMap<&str, &str> {
    HashMap::from([("service", service)])
}

/// Checks that the session bus has a listener: at its address or, as zbus does without one, in the
/// user's runtime directory.
pub(super) fn reach(environment: &Environment) -> Result<(), Failure> {
    let set = |name| environment(name).filter(|value| !value.is_empty());
    let runtime = || {
        set("XDG_RUNTIME_DIR").map_or_else(
            || PathBuf::from(format!("/run/user/{}", rustix::process::getuid().as_raw())),
            PathBuf::from,
        )
    };
    let Some(address) = set("DBUS_SESSION_BUS_ADDRESS") else {
        let socket = runtime().join("bus");
        return socket.exists().then_some(()).ok_or_else(no_bus);
    };
    let address = address.to_string_lossy();
    // Several addresses are separated by `;`. Only a file-system socket can be checked.
    let is_gone = |address: &str| {
        let path = address.strip_prefix("unix:path=");
        let path = path.map(|path| path.split_once(',').map_or(path, |(path, _)| path));
        path.is_some_and(|path| !std::path::Path::new(path).exists())
    };
    if address.split(';').all(is_gone) {
        return Err(no_bus());
    }
    Ok(())
}

/// Translates a failure of the platform.
pub(super) fn failure(error: &(dyn StdError + Send + Sync + 'static)) -> Failure {
    match error.downcast_ref::<ServiceError>() {
        Some(ServiceError::Locked | ServiceError::Prompt) => super::locked(),
        Some(ServiceError::NoResult) => Failure::new(
            Code::CredentialStoreNotConfigured,
            "the keyring has no default collection",
        )
        .hint("make one with the keyring program, or log in to the desktop once"),
        Some(ServiceError::Unavailable) => no_bus(),
        Some(ServiceError::Zbus(error)) => bus(error),
        Some(ServiceError::ZbusFdo(error)) => standard(error),
        Some(ServiceError::PromptDisconnected) => {
            super::unknown().cause("it went away while it was asking for its password")
        }
        _ => super::unknown(),
    }
}

fn bus(error: &zbus::Error) -> Failure {
    match error {
        zbus::Error::Connection(..)
        | zbus::Error::InputOutput(_)
        | zbus::Error::Address(_)
        | zbus::Error::Handshake(_) => no_bus(),
        zbus::Error::FDO(error) => standard(error),
        zbus::Error::MethodError(name, ..) => named(name.as_str()),
        _ => super::unknown(),
    }
}

fn standard(error: &fdo::Error) -> Failure {
    match error {
        fdo::Error::ServiceUnknown(_)
        | fdo::Error::NameHasNoOwner(_)
        | fdo::Error::SpawnExecFailed(_)
        | fdo::Error::SpawnServiceNotFound(_)
        | fdo::Error::SpawnChildExited(_)
        | fdo::Error::SpawnFailed(_) => no_service(),
        fdo::Error::AccessDenied(_) | fdo::Error::AuthFailed(_) => denied(),
        fdo::Error::ZBus(error) => bus(error),
        _ => super::unknown(),
    }
}

/// Classifies by the names in the D-Bus specification, "Error names".
fn named(name: &str) -> Failure {
    match name.strip_prefix("org.freedesktop.DBus.Error.") {
        Some("ServiceUnknown" | "NameHasNoOwner") => no_service(),
        Some(spawn) if spawn.starts_with("Spawn.") => no_service(),
        Some("AccessDenied" | "AuthFailed") => denied(),
        _ if name == "org.freedesktop.Secret.Error.IsLocked" => super::locked(),
        _ => super::unknown().cause(format!("it answered with {name}")),
    }
}

fn no_bus() -> Failure {
    Failure::new(
        Code::CredentialStoreUnreachable,
        "there is no session bus, and therefore no keyring",
    )
    .cause("DBUS_SESSION_BUS_ADDRESS is not set, or nothing listens there")
    .hint("an IDE that was not started from the desktop does not pass on a session bus")
    .hint("without a desktop, use vault:local/NAME or file:PATH")
}

fn no_service() -> Failure {
    Failure::new(
        Code::CredentialStoreNotFound,
        "no keyring answers on the session bus",
    )
    .cause("nothing owns or starts the name org.freedesktop.secrets")
    .hint("install GNOME Keyring, KWallet or KeePassXC and let it serve the Secret Service")
    .hint("without a desktop, use vault:local/NAME or file:PATH")
}

fn denied() -> Failure {
    Failure::new(
        Code::CredentialStoreDenied,
        "the keyring refused the access",
    )
    .cause("a rule of the session bus or of the keyring forbids it")
}
