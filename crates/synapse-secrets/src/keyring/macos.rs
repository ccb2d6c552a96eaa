//! The login keychain of macOS.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::Arc;

use apple_native_keyring_store::keychain::Store;
use keyring_core::{CredentialStore, Error};
use synapse_core::Failure;

use crate::Environment;

/// The login keychain.
pub(super) fn store() -> Result<Arc<CredentialStore>, Error> {
    let store: Arc<CredentialStore> = Store::new()?;
    Ok(store)
}

/// The search terms for the items of `service`.
pub(super) fn terms(service: &str) -> HashMap<&str, &str> {
    HashMap::from([("service", service)])
}

/// Always succeeds: the system's keyring needs no variable.
#[expect(clippy::unnecessary_wraps, reason = "on Linux it may be out of reach")]
pub(super) const fn reach(_environment: &Environment) -> Result<(), Failure> {
    Ok(())
}

/// Translates a failure of the platform.
pub(super) fn failure(error: &(dyn StdError + Send + Sync + 'static)) -> Failure {
    // The message of a Security framework status; never the item.
    super::unknown().cause(error.to_string())
}
