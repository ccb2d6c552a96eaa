//! Records in the system's keyring: one item each, under a separate service. Each access is limited
//! to three seconds, and there is no fallback to files.

use std::time::Duration;

use secrecy::zeroize::Zeroizing;
use synapse_core::{Code, Failure};

use super::RecordSlot;
use crate::keyring::{self, ItemRequest};

pub(super) async fn slots(config: &str) -> Result<Vec<RecordSlot>, Failure> {
    let accounts = keyring::accounts_of(SERVICE, LIMIT)
        .await
        .map_err(|cause| unavailable(&cause))?;
    let mut slots: Vec<RecordSlot> = accounts
        .iter()
        .filter_map(|account| account.split_once('/'))
        .filter(|(of, _)| *of == config)
        .map(|(of, name)| RecordSlot {
            config: of.to_owned(),
            name: name.to_owned(),
        })
        .collect();
    slots.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(slots)
}

pub(super) async fn read(slot: &RecordSlot) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    keyring::read_item(asked(slot))
        .await
        .map_err(|cause| unavailable(&cause))
}

pub(super) async fn write(slot: &RecordSlot, text: Zeroizing<Vec<u8>>) -> Result<(), Failure> {
    keyring::write_item(asked(slot), text)
        .await
        .map_err(|cause| unavailable(&cause))
}

pub(super) async fn remove(slot: &RecordSlot) -> Result<(), Failure> {
    keyring::remove_item(asked(slot))
        .await
        .map_err(|cause| unavailable(&cause))
}

pub(super) fn shown(slot: &RecordSlot) -> String {
    format!(
        "the keyring item `{}` of the service `{SERVICE}`",
        slot.account()
    )
}

fn asked(slot: &RecordSlot) -> ItemRequest {
    ItemRequest {
        service: SERVICE,
        account: slot.account(),
        limit: LIMIT,
    }
}

/// A failing keyring is an unusable store; its own failure is the cause.
fn unavailable(cause: &Failure) -> Failure {
    Failure::new(
        Code::OauthStoreUnavailable,
        "the keyring that keeps the tokens cannot be used",
    )
    .caused_by(cause)
    .hint("unlock the keyring; or keep tokens in files: `store = \"file\"` in oauth.toml")
}

/// Its name in messages.
pub(super) const PLACE: &str = "the system's keyring, service `synapse-oauth`";
const SERVICE: &str = "synapse-oauth";
const LIMIT: Duration = Duration::from_secs(3);
