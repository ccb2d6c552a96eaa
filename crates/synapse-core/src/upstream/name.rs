//! Names of upstream servers.

use std::fmt;
use std::str::FromStr;

use crate::error::{Code, Failure};
use crate::redact::holds_token;

/// The name of an upstream server: 1 to 64 of `A-Z a-z 0-9 . _ -`, starting with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UpstreamName(String);

impl UpstreamName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UpstreamName {
    type Err = Failure;

    /// # Errors
    /// `config.invalid-value` for any other text, `credential.literal-token` for one shaped like a
    /// token.
    fn from_str(text: &str) -> Result<Self, Failure> {
        if holds_token(text) {
            return Err(Failure::new(
                Code::CredentialLiteralToken,
                "the name of a server looks like a token",
            ));
        }
        let starts_well = text.starts_with(|first: char| first.is_ascii_alphanumeric());
        let fits = text.len() <= MAX_NAME
            && text
                .chars()
                .all(|each| each.is_ascii_alphanumeric() || "._-".contains(each));
        if starts_well && fits {
            return Ok(Self(text.to_owned()));
        }
        Err(
            Failure::new(Code::ConfigInvalidValue, "invalid server name").cause(
                "a name has 1 to 64 letters, digits, `.`, `_` or `-`, and begins with a letter or digit",
            ),
        )
    }
}

impl fmt::Display for UpstreamName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

const MAX_NAME: usize = 64;
