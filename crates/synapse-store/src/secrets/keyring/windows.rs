//! The Credential Manager of Windows.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::Arc;

use keyring_core::{CredentialStore, Error};
use synapse_core::Failure;
use windows_native_keyring_store::Store;

/// The credentials of this user.
pub(super) fn store() -> Result<Arc<CredentialStore>, Error> {
    let store: Arc<CredentialStore> = Store::new()?;
    Ok(store)
}

/// The accounts of `service`, sorted.
pub(super) fn accounts(store: &CredentialStore, service: &str) -> Result<Vec<String>, Error> {
    let entries = store.search(&HashMap::new())?;
    let mut accounts: Vec<String> = entries
        .iter()
        .filter_map(|entry| entry.get_specifiers())
        .filter(|(of, _)| of == service)
        .map(|(_, account)| account)
        .collect();
    accounts.sort();
    Ok(accounts)
}

/// What a failure of the platform means.
pub(super) fn failure(error: &(dyn StdError + Send + Sync + 'static)) -> Failure {
    // A status of the system in words; never the item.
    super::unknown().cause(error.to_string())
}
