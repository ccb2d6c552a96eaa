//! Credential references: where a secret is, never what it is.

use std::fmt;
use std::str::FromStr;

use crate::error::{Code, Failure};

/// A reference to a secret. It resolves in exactly one place or fails; it never falls through.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialRef {
    /// `file:/absolute/path` or `file:~/path`: the one line of a file.
    File(String),
    /// `env:NAME`: an environment variable of the process that sends.
    Env(String),
}

impl FromStr for CredentialRef {
    type Err = Failure;

    /// # Errors
    /// `credential.literal-token` when the text looks like a token itself (it is not repeated in
    /// the failure), `credential.invalid-reference` when it is no reference.
    fn from_str(text: &str) -> Result<Self, Failure> {
        if looks_like_token(text) {
            return Err(literal_token());
        }
        match text.split_once(':') {
            Some(("file", path)) => file_reference(path),
            Some(("env", name)) => env_reference(name),
            _ => Err(invalid("that is no credential reference")
                .cause("a reference is `file:/absolute/path`, `file:~/path` or `env:NAME`")
                .command(
                    "put the token into a file that only you can read",
                    "(umask 077 && mkdir -p ~/.synapse && cat > ~/.synapse/openai.token)",
                )),
        }
    }
}

impl fmt::Display for CredentialRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "file:{path}"),
            Self::Env(name) => write!(formatter, "env:{name}"),
        }
    }
}

/// Whether `text` has the shape of a token of a known vendor, alone or behind a scheme.
#[must_use]
pub fn looks_like_token(text: &str) -> bool {
    let text = text.trim();
    let behind_scheme = text
        .split_once(':')
        .map_or(text, |(_, rest)| rest)
        .trim_start_matches("//");
    [text, behind_scheme].iter().any(|candidate| {
        TOKEN_PREFIXES.iter().any(|prefix| {
            candidate
                .strip_prefix(prefix)
                .is_some_and(|rest| rest.len() >= MIN_TAIL)
        }) && !candidate.contains(['/', '\\'])
    }) || text.starts_with("Bearer ")
}

fn file_reference(path: &str) -> Result<CredentialRef, Failure> {
    let absolute = path.starts_with('/') || path.starts_with("~/") || is_windows_absolute(path);
    if absolute && !path.contains('\0') {
        return Ok(CredentialRef::File(path.to_owned()));
    }
    Err(invalid("the credential file needs an absolute path")
        .cause("an IDE starts Synapse in a directory of its own choice")
        .hint("write file:/absolute/path or file:~/path"))
}

fn env_reference(name: &str) -> Result<CredentialRef, Failure> {
    let fits = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .chars()
            .all(|each| each.is_ascii_alphanumeric() || each == '_');
    if fits {
        return Ok(CredentialRef::Env(name.to_owned()));
    }
    Err(invalid("that is no name of an environment variable")
        .cause("a name has letters, digits and `_`, and does not begin with a digit")
        .hint("write env:NAME, without `$`"))
}

fn is_windows_absolute(path: &str) -> bool {
    let mut characters = path.chars();
    characters
        .next()
        .is_some_and(|drive| drive.is_ascii_alphabetic())
        && characters.next() == Some(':')
        && matches!(characters.next(), Some('\\' | '/'))
}

fn literal_token() -> Failure {
    Failure::new(
        Code::CredentialLiteralToken,
        "this looks like a token; a reference to one is expected here",
    )
    .cause("a token on the command line or in a file ends up in histories and backups")
    .command(
        "put it into a file that only you can read and pass file:PATH",
        "(umask 077 && mkdir -p ~/.synapse && cat > ~/.synapse/provider.token)",
    )
    .hint("treat a token that was typed on a command line as exposed, and rotate it")
}

fn invalid(message: &str) -> Failure {
    Failure::new(Code::CredentialInvalidReference, message).with("field", "credential")
}

/// Prefixes of provider tokens, as secret scanners know them.
const TOKEN_PREFIXES: [&str; 9] = [
    "sk-",
    "hf_",
    "api_org_",
    "gsk_",
    "xai-",
    "ghp_",
    "github_pat_",
    "hvs.",
    "AIza",
];
const MIN_TAIL: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Code {
        text.parse::<CredentialRef>().unwrap_err().code
    }

    #[test]
    fn references_round_trip() {
        for text in [
            "file:/run/secrets/openai",
            "file:~/.synapse/a b.token",
            "env:OPENAI_API_KEY",
        ] {
            assert_eq!(text.parse::<CredentialRef>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_literal_token_is_refused_without_being_repeated() {
        for token in [
            "sk-fake-fake-fake-fake",
            "hf_fakefakefake",
            "env:hf_fakefakefake",
            "Bearer x",
        ] {
            let failure = token.parse::<CredentialRef>().unwrap_err();
            assert_eq!(failure.code, Code::CredentialLiteralToken, "{token}");
            assert!(!format!("{failure:?}").contains("fake"), "{failure:?}");
        }
        assert!("file:/home/sk-someone/key".parse::<CredentialRef>().is_ok());
    }

    #[test]
    fn anything_else_is_no_reference() {
        for text in [
            "",
            "openai",
            "file:",
            "file:relative",
            "file:./x",
            "env:",
            "env:$X",
            "env:1X",
            "s3:x",
        ] {
            assert_eq!(code(text), Code::CredentialInvalidReference, "{text}");
        }
    }
}
