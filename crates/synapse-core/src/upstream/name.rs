//! Parsing of names of upstream servers.

use std::str::FromStr;

use crate::error::{Code, Failure};
use crate::redact::holds_token;
pub use crate::value::UpstreamName;

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
        if let Some(name) = Self::of(text) {
            return Ok(name);
        }
        Err(
            Failure::new(Code::ConfigInvalidValue, "invalid server name").cause(
                "a name has 1 to 64 letters, digits, `.`, `_` or `-`, and begins with a letter or digit",
            ),
        )
    }
}
