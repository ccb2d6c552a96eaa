//! The login keychain of macOS.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::Arc;

use apple_native_keyring_store::keychain::Store;
use keyring_core::{CredentialStore, Error};
use synapse_core::Failure;

/// The login keychain.
pub(super) fn store() -> Result<Arc<CredentialStore>, Error> {
    let store: Arc<CredentialStore> = Store::new()?;
    Ok(store)
}

/// What to search for the items of `service`.
pub(super) fn terms(service: &str) -> HashMap<&str, &str> {
    HashMap::from([("service", service)])
}

/// What a failure of the platform means.
pub(super) fn failure(error: &(dyn StdError + Send + Sync + 'static)) -> Failure {
    // A status of the Security framework in words; never the item.
    super::unknown().cause(error.to_string())
}
