//! Which variables are treated as secrets.

use crate::redact::{holds_token, is_opaque};

/// Whether the variable `name` with `value` is treated as a secret: approved by name, so that a new
/// token needs no new approval.
#[must_use]
pub fn is_secret(name: &str, value: &str) -> bool {
    let name = name.to_ascii_uppercase();
    SECRET_WORDS.iter().any(|word| name.contains(word)) || holds_token(value) || is_opaque(value)
}

const SECRET_WORDS: [&str; 10] = [
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "CREDENTIAL",
    "APIKEY",
    "API_KEY",
    "_KEY",
    "_PAT",
];
