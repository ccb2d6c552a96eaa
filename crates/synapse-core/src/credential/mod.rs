//! Parsing of credential references. `credential/grammar.rs` has the syntax of each kind; resolvers
//! implement them.

mod grammar;
mod meant;

use std::str::FromStr;

use crate::error::{Code, Failure, Remedy};
use crate::redact::vendors::begins_like_token;
pub use crate::value::{CredentialRef, KvEngine, VaultSecret};

impl FromStr for CredentialRef {
    type Err = Failure;

    /// # Errors
    /// `credential.literal-token` if the text looks like a token itself (not repeated in the
    /// failure), `credential.invalid-reference` if it is invalid; that names the reference that was
    /// probably meant.
    fn from_str(text: &str) -> Result<Self, Failure> {
        if looks_like_token(text) {
            return Err(literal_token());
        }
        let parsed = grammar::parse(text);
        let is_meant = match &parsed {
            // `file://~/key` is a valid path, which nobody means.
            Ok(Self::File(path)) => !path.starts_with("//~"),
            Ok(_) => true,
            Err(failure) => {
                failure.code() != Code::CredentialInvalidReference || grammar::is_path_alone(text)
            }
        };
        if is_meant {
            return parsed;
        }
        match meant::meant(text) {
            Some(suggested) => Err(grammar::invalid("that is not a credential reference")
                .did_you_mean(text, &suggested)),
            None => parsed,
        }
    }
}

/// Whether `text` has the shape of a known vendor's token, alone or after a scheme.
#[must_use]
pub fn looks_like_token(text: &str) -> bool {
    let text = text.trim();
    let behind_scheme = text
        .split_once(':')
        .map_or(text, |(_, rest)| rest)
        .trim_start_matches("//");
    [text, behind_scheme]
        .iter()
        .any(|candidate| begins_like_token(candidate) && !candidate.contains(['/', '\\']))
        || text.starts_with("Bearer ")
}

/// Prompts for a token, without displaying it, and stores it in the file at `path`.
fn to_make_a_file(path: &str) -> Remedy {
    let reference = CredentialRef::File(path.to_owned());
    Remedy::StoreSecret { reference }
}

fn literal_token() -> Failure {
    Failure::new(
        Code::CredentialLiteralToken,
        "this looks like a token; a reference to one is expected here",
    )
    .cause("a token on the command line or in a file ends up in histories and backups")
    .remedy(
        "put it into a file that only you can read and pass file:PATH",
        &to_make_a_file("~/.synapse/provider.token"),
    )
    .hint("treat a token that was typed on a command line as exposed, and rotate it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_token_is_refused_without_being_repeated() {
        for token in [
            "sk-fake-fake-fake-fake",
            "hf_fakefakefake",
            "env:hf_fakefakefake",
            "keyring:hf_fakefakefake",
            "vault:local/hf_fakefakefake",
            "pass:synapse/sk-fake-fake-fake",
            r#"cmd:["printf","sk-fake-fake-fake"]"#,
            r#"cmd:["sh","-c","printf hf_fakefakefake"]"#,
            r#"cmd:["x","--token=hf_fakefakefake"]"#,
            "Bearer x",
        ] {
            let failure = token.parse::<CredentialRef>().unwrap_err();
            assert_eq!(failure.code(), Code::CredentialLiteralToken, "{token}");
            assert!(!format!("{failure:?}").contains("fake"), "{failure:?}");
        }
        assert!("file:/home/sk-someone/key".parse::<CredentialRef>().is_ok());
    }
}
