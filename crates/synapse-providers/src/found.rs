//! What a rung found, in the words that several adapters share.

use synapse_core::preflight::{CheckId, Finding};

/// The API answers at the base URL.
pub(crate) fn answers(host: &str) -> Finding {
    Finding::Ok(format!("{host} answers"))
}

/// The token was accepted.
pub(crate) fn accepts(host: &str) -> Finding {
    Finding::Ok(format!("{host} accepts it"))
}

/// The token was accepted and may not read the list of models, which says nothing about chat.
pub(crate) fn unreadable(host: &str) -> Vec<(CheckId, Finding)> {
    let token =
        "accepted, but it may not read models; whether it may chat cannot be told without --live";
    let model = "cannot be seen with this key";
    vec![
        (CheckId::Reach, answers(host)),
        (CheckId::Token, Finding::Warn(token.to_owned())),
        (CheckId::Model, Finding::Warn(model.to_owned())),
    ]
}
