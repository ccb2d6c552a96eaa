//! The reference that a text was probably meant to be: another program's spelling of a variable, a
//! path or a scheme.

use super::grammar::parse;
use super::looks_like_token;
use crate::nearest::nearest;
use crate::value::CredentialRef;

/// The reference that an invalid `text` was probably meant to be.
pub(super) fn meant(text: &str) -> Option<String> {
    [of_variable, of_path, of_scheme]
        .iter()
        .filter_map(|spelling| spelling(text))
        .find(|suggestion| {
            suggestion != text
                && !looks_like_token(suggestion)
                && parse(suggestion).is_ok_and(|parsed| is_place(&parsed))
        })
}

/// `$NAME`, `${NAME}`, `${env:NAME}`, `{env:NAME}`, `%NAME%`, `env:$NAME`, or a bare `SOME_NAME`.
fn of_variable(text: &str) -> Option<String> {
    let bare = text.strip_prefix("env:").unwrap_or(text);
    let wrapped = [
        ("${env:", "}"),
        ("${", "}"),
        ("{env:", "}"),
        ("%", "%"),
        ("$env:", ""),
        ("$", ""),
    ];
    let inner = wrapped.iter().find_map(|(before, after)| {
        let inner = bare.strip_prefix(before)?.strip_suffix(after)?;
        (!inner.is_empty()).then_some(inner)
    });
    let looks_like_a_name = |word: &str| {
        word.contains('_')
            && word
                .chars()
                .all(|each| each.is_ascii_uppercase() || each.is_ascii_digit() || each == '_')
    };
    let name = inner.or_else(|| looks_like_a_name(bare).then_some(bare))?;
    Some(format!("env:{name}"))
}

/// A path without its scheme, in quotes, or as a URL or a shell writes it.
fn of_path(text: &str) -> Option<String> {
    let path = text.strip_prefix("file:").unwrap_or(text);
    let path = path.trim_matches(['"', '\'']);
    let path = match path.strip_prefix("//") {
        Some(rest) if rest.starts_with(['~', '/']) => rest,
        _ => path,
    };
    let below_home = ["$HOME/", "${HOME}/", "%USERPROFILE%\\"]
        .iter()
        .find_map(|home| path.strip_prefix(home));
    match below_home {
        Some(rest) => Some(format!("file:~/{rest}")),
        None if path.starts_with("~/") || path.starts_with('/') => Some(format!("file:{path}")),
        None => None,
    }
}

/// A scheme in capitals, misspelled, or with the name that another program gives to the same store.
fn of_scheme(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    let rest = rest.trim_start();
    let known = match scheme.as_str() {
        "keychain" | "secret-service" | "libsecret" | "wincred" | "credman" => "keyring",
        "environment" | "environ" | "var" | "variable" => "env",
        "path" => "file",
        "1password" | "onepassword" => "op",
        "gopass" | "password-store" => "pass",
        other => nearest(other, SCHEMES)?,
    };
    match known {
        "op" => Some(format!("op://{}", rest.trim_start_matches('/'))),
        "file" => of_path(rest),
        _ => Some(format!("{known}:{}", rest.trim_start_matches("//"))),
    }
}

/// Only of kinds whose text is a place, and never the secret itself.
fn is_place(parsed: &CredentialRef) -> bool {
    !matches!(parsed, CredentialRef::Command(_))
}

const SCHEMES: [&str; 7] = ["file", "env", "keyring", "vault", "op", "pass", "systemd"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_other_programs_name_the_reference() {
        for (text, expected) in [
            ("OPENAI_API_KEY", "env:OPENAI_API_KEY"),
            ("$OPENAI_API_KEY", "env:OPENAI_API_KEY"),
            ("${HF_TOKEN}", "env:HF_TOKEN"),
            ("${env:HF_TOKEN}", "env:HF_TOKEN"),
            ("{env:HF_TOKEN}", "env:HF_TOKEN"),
            ("%HF_TOKEN%", "env:HF_TOKEN"),
            ("env:$HF_TOKEN", "env:HF_TOKEN"),
            ("env:${HF_TOKEN}", "env:HF_TOKEN"),
            ("ENV:HF_TOKEN", "env:HF_TOKEN"),
            ("environment:HF_TOKEN", "env:HF_TOKEN"),
            ("~/keys/a.token", "file:~/keys/a.token"),
            ("/run/secrets/a", "file:/run/secrets/a"),
            ("\"/run/secrets/a\"", "file:/run/secrets/a"),
            ("file://~/a.token", "file:~/a.token"),
            ("file:///run/a", "file:/run/a"),
            ("FILE:~/a", "file:~/a"),
            ("path:/run/a", "file:/run/a"),
            ("file:$HOME/a", "file:~/a"),
            ("$HOME/a", "file:~/a"),
            ("keychain:openai", "keyring:openai"),
            ("keyrng:openai", "keyring:openai"),
            ("Keyring:openai", "keyring:openai"),
            ("op:Private/OpenAI/key", "op://Private/OpenAI/key"),
            ("1password://a/b/c", "op://a/b/c"),
            ("gopass:a/b", "pass:a/b"),
            ("Vault:local/openai", "vault:local/openai"),
        ] {
            assert_eq!(meant(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn nothing_that_may_be_a_secret_is_repeated() {
        for text in [
            "",
            "openai",
            "abcdEFGH0123",
            "ABCDEFGH0123",
            "sk-fake-fake-fake-fake",
            "$sk-fake-fake-fake-fake",
            "token:abcdef",
            "https://example.com/a",
            "relative/key.txt",
            "ENV:sk-fake-fake-fake-fake",
            "keychain:hf_fakefakefake",
        ] {
            assert_eq!(meant(text), None, "{text}");
        }
    }
}
