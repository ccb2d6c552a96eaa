//! Account headers sent with the token: organization, project, bill-to.

use std::fmt;
use std::str::FromStr;

use crate::error::{Code, Failure};

/// Identifies the account to charge. Each header is sent only if set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// OpenAI organization, sent as `OpenAI-Organization`.
    pub organization: Option<HeaderText>,
    /// OpenAI project, sent as `OpenAI-Project`.
    pub project: Option<HeaderText>,
    /// Hugging Face organization to bill, sent as `X-HF-Bill-To`.
    pub bill_to: Option<HeaderText>,
}

/// A text that fits in an HTTP header: 1 to 256 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HeaderText(String);

impl HeaderText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HeaderText {
    type Err = Failure;

    /// # Errors
    /// `config.invalid-value` for any other text.
    fn from_str(text: &str) -> Result<Self, Failure> {
        let fits = (1..=MAX_LENGTH).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits {
            return Ok(Self(text.to_owned()));
        }
        Err(
            Failure::new(Code::ConfigInvalidValue, "that cannot be sent in a header")
                .cause("it takes 1 to 256 visible ASCII characters, without spaces"),
        )
    }
}

impl fmt::Display for HeaderText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

const MAX_LENGTH: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_injection_is_refused() {
        assert!("org-123".parse::<HeaderText>().is_ok());
        for bad in ["", "a b", "a\r\nX: y", "ä", &"x".repeat(257)] {
            assert!(bad.parse::<HeaderText>().is_err(), "{bad:?}");
        }
    }
}
