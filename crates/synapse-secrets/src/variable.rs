//! `env:` references: a variable of the sending process.

use std::ffi::{OsStr, OsString};

use secrecy::zeroize::Zeroizing;
use synapse_core::ports::ResolvedSecret;
use synapse_core::{Code, Failure};

use super::content;

/// Takes the credential from `value`, the environment's value of `name`.
pub(super) fn resolve(name: &str, value: Option<OsString>) -> Result<ResolvedSecret, Failure> {
    let place = format!("the environment variable {name}");
    let Some(value) = value else {
        return Err(missing(name));
    };
    let bytes = Zeroizing::new(value.into_encoded_bytes());
    let value =
        content::check(&bytes).map_err(|flaw| flaw.failure(&place).with("variable", name))?;
    Ok(ResolvedSecret {
        value,
        found: format!("environment variable {name}, one line"),
    })
}

/// Checks that the variable is set, without looking at its value.
pub(super) fn reach(name: &str, value: Option<&OsStr>) -> Result<String, Failure> {
    match value {
        Some(value) if !value.is_empty() => Ok(format!("environment variable {name}; not read")),
        _ => Err(missing(name)),
    }
}

fn missing(name: &str) -> Failure {
    Failure::new(
        Code::CredentialMissing,
        format!("the environment variable {name} is not set"),
    )
    .cause("an IDE passes almost no environment to the programs it starts")
    .hint("put the token into a file and use file:PATH, which works from everywhere")
    .with("variable", name)
}
