//! `env:` references: a variable of the process that sends.

use std::ffi::OsString;

use secrecy::zeroize::Zeroizing;
use synapse_core::ports::ResolvedSecret;
use synapse_core::{Code, Failure};

use super::content;

/// Takes the credential from `value`, what the environment has under `name`.
pub(super) fn resolve(name: &str, value: Option<OsString>) -> Result<ResolvedSecret, Failure> {
    let place = format!("the environment variable {name}");
    let Some(value) = value else {
        return Err(
            Failure::new(Code::CredentialMissing, format!("{place} is not set"))
                .cause("an IDE passes almost no environment to the programs it starts")
                .hint("put the token into a file and use file:PATH, which works from everywhere")
                .with("variable", name),
        );
    };
    let bytes = Zeroizing::new(value.into_encoded_bytes());
    let value =
        content::check(&bytes).map_err(|flaw| flaw.failure(&place).with("variable", name))?;
    Ok(ResolvedSecret {
        value,
        found: format!("environment variable {name}, one line"),
    })
}
