//! Parsing of names chosen or copied by users: connections and models.

use std::fmt;
use std::str::FromStr;

use crate::error::{Code, Failure};
use crate::redact::holds_token;
pub use crate::value::ConnectionName;

impl FromStr for ConnectionName {
    type Err = Failure;

    /// # Errors
    /// `config.invalid-value` for any other text, `credential.literal-token` for one shaped like a
    /// token.
    fn from_str(text: &str) -> Result<Self, Failure> {
        refuse_token(text, "name")?;
        if let Some(name) = Self::of(text) {
            return Ok(name);
        }
        Err(Failure::new(Code::ConfigInvalidValue, "that is not a connection name")
            .cause(
                "a name has 1 to 64 letters, digits, `.`, `_` or `-`, and begins with a letter or digit",
            )
            .hint("write it with `-` or `_` in place of anything else")
            .in_field("name"))
    }
}

/// A provider's model id, for example `gpt-5.6-terra` or `meta-llama/Llama-3.1-8B-Instruct:novita`.
///
/// Sent verbatim; only ids that no provider could accept are refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelId(String);

impl ModelId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Splits off a Hugging Face suffix: the part after the last `:`, if any.
    ///
    /// ```
    /// use synapse_core::ModelId;
    /// let model: ModelId = "org/model:novita".parse()?;
    /// assert_eq!(model.split_suffix(), ("org/model", Some("novita")));
    /// # Ok::<(), synapse_core::Failure>(())
    /// ```
    #[must_use]
    pub fn split_suffix(&self) -> (&str, Option<&str>) {
        match self.0.rsplit_once(':') {
            Some((model, suffix)) => (model, Some(suffix)),
            None => (&self.0, None),
        }
    }
}

impl FromStr for ModelId {
    type Err = Failure;

    /// # Errors
    /// `config.invalid-value` for an empty id, one with white space or control characters, or one
    /// over 256 bytes; `credential.literal-token` for one shaped like a token.
    fn from_str(text: &str) -> Result<Self, Failure> {
        refuse_token(text, "model")?;
        let fits = !text.is_empty()
            && text.len() <= MAX_MODEL
            && text
                .chars()
                .all(|each| !each.is_whitespace() && !each.is_control());
        if fits {
            return Ok(Self(text.to_owned()));
        }
        Err(
            Failure::new(Code::ConfigInvalidValue, "that is not a model id")
                .cause("a model id has 1 to 256 characters and no white space")
                .hint("copy the id from the provider's model page")
                .in_field("model"),
        )
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Names go into files, the ledger and messages, where a pasted token must not appear.
fn refuse_token(text: &str, field: &'static str) -> Result<(), Failure> {
    if !holds_token(text) {
        return Ok(());
    }
    Err(Failure::new(
        Code::CredentialLiteralToken,
        "this looks like a token; a name is expected here",
    )
    .cause("it was neither stored nor shown")
    .hint("treat a token that was typed on a command line as exposed, and rotate it")
    .in_field(field))
}

const MAX_MODEL: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_names_follow_their_rule() {
        for good in ["hf", "a", "0", "work.openai_2-b", &"x".repeat(64)] {
            assert_eq!(good.parse::<ConnectionName>().unwrap().as_str(), good);
        }
        for bad in ["", "-x", ".x", "a b", "ä", "a/b", "a\n", &"x".repeat(65)] {
            let failure = bad.parse::<ConnectionName>().unwrap_err();
            assert_eq!(failure.code(), Code::ConfigInvalidValue, "{bad:?}");
        }
    }

    #[test]
    fn a_suffix_is_behind_the_last_colon() {
        let split = |text: &str| {
            let model: ModelId = text.parse().unwrap();
            let (name, suffix) = model.split_suffix();
            (name.to_owned(), suffix.map(str::to_owned))
        };
        assert_eq!(split("gpt-4.1"), ("gpt-4.1".into(), None));
        assert_eq!(
            split("ft:gpt-4o:acme::id"),
            ("ft:gpt-4o:acme:".into(), Some("id".into()))
        );
    }

    #[test]
    fn model_ids_without_sense_are_refused() {
        for bad in ["", " ", "a b", "a\u{7}", &"m".repeat(257)] {
            assert!(bad.parse::<ModelId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_token_is_no_name_and_is_not_repeated() {
        let token = format!("hf_{}", "fake".repeat(9));
        for failure in [
            token.parse::<ConnectionName>().unwrap_err(),
            token.parse::<ModelId>().unwrap_err(),
        ] {
            assert_eq!(failure.code(), Code::CredentialLiteralToken);
            assert!(!format!("{failure:?}").contains("fake"), "{failure:?}");
        }
        assert!("hf_production".parse::<ConnectionName>().is_ok());
    }
}
