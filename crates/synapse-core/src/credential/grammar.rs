//! The grammar of credential references, one rule per kind. Knows only their syntax. References do
//! not nest.

use super::{literal_token, looks_like_token};
use crate::error::{Code, Failure};
use crate::value::credential::LOCAL;
use crate::value::{CredentialRef, KvEngine, VaultSecret};

/// Parses a reference.
pub(super) fn parse(text: &str) -> Result<CredentialRef, Failure> {
    if text.len() > MAX_LENGTH {
        return Err(invalid("the credential reference is too long")
            .cause(format!("it is longer than {MAX_LENGTH} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(invalid(
            "the credential reference holds a control character",
        ));
    }
    match text.split_once(':') {
        Some(("file", path)) => file(path),
        Some(("env", name)) => variable(name),
        Some(("keyring", account)) => keyring(account),
        Some(("vault", rest)) => vault(rest),
        Some(("op", rest)) if rest.starts_with("//") => one_password(text, rest),
        Some(("pass", path)) => pass(path),
        Some(("systemd", name)) => systemd(name),
        Some(("cmd", words)) => command(words),
        _ if is_path_alone(text) => Err(path_alone(text)),
        _ => Err(no_reference()),
    }
}

/// Whether the text is an absolute path without a scheme.
pub(super) fn is_path_alone(text: &str) -> bool {
    let is_path = text.starts_with("~/") || text.starts_with('/') || is_windows_absolute(text);
    is_path && !looks_like_token(text)
}

fn file(path: &str) -> Result<CredentialRef, Failure> {
    let absolute = path.starts_with('/') || path.starts_with("~/") || is_windows_absolute(path);
    if absolute {
        return Ok(CredentialRef::File(path.to_owned()));
    }
    Err(invalid("the credential file needs an absolute path")
        .cause("an IDE starts Synapse in a directory of its own choice")
        .hint("write file:/absolute/path or file:~/path"))
}

fn variable(name: &str) -> Result<CredentialRef, Failure> {
    let fits = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .chars()
            .all(|each| each.is_ascii_alphanumeric() || each == '_');
    if fits {
        return Ok(CredentialRef::Env(name.to_owned()));
    }
    Err(invalid("that is not the name of an environment variable")
        .cause("a name has letters, digits and `_`, and does not begin with a digit")
        .hint("write env:NAME, without `$`"))
}

fn keyring(account: &str) -> Result<CredentialRef, Failure> {
    if !account.is_empty() && account.split('/').all(is_name) {
        no_token(account)?;
        return Ok(CredentialRef::Keyring(account.to_owned()));
    }
    Err(invalid("that is not the account of a keyring item")
        .cause(NAME_RULE)
        .hint("write keyring:ACCOUNT, for example keyring:openai"))
}

/// `local/NAME`, `MOUNT/PATH[?kv=1|2]#FIELD`, or `MOUNT//PATH[?kv=1|2]#FIELD` with a mount of
/// several segments.
fn vault(rest: &str) -> Result<CredentialRef, Failure> {
    let Some((place, field)) = rest.split_once('#') else {
        return local_vault(rest);
    };
    let (place, engine) = match place.split_once('?') {
        None | Some((_, "kv=2")) => (before_query(place), KvEngine::V2),
        Some((place, "kv=1")) => (place, KvEngine::V1),
        Some(_) => {
            return Err(vault_form("after `?`, only `kv=1` and `kv=2` are known"));
        }
    };
    let (mount, path) = match place.split_once("//") {
        Some(parts) => parts,
        None => match place.split_once('/') {
            Some((LOCAL, _)) => {
                return Err(vault_form(
                    "`local` is Synapse's own vault, whose entries have no fields",
                )
                .hint("write vault:local/NAME, or vault:local//PATH#FIELD for a mount `local`"));
            }
            Some(parts) => parts,
            None => return Err(vault_form("the path after the mount is missing")),
        },
    };
    if !is_path(mount) || !is_path(path) || path.contains('%') || mount.contains('%') {
        return Err(vault_form(
            "mount and path are segments between single `/`, none of them `.` or `..`",
        ));
    }
    if field.is_empty() || field.contains('#') {
        return Err(vault_form("the field after `#` is missing"));
    }
    no_token(mount)?;
    no_token(path)?;
    no_token(field)?;
    Ok(CredentialRef::Vault(VaultSecret {
        mount: mount.to_owned(),
        path: path.to_owned(),
        field: field.to_owned(),
        engine,
    }))
}

fn before_query(place: &str) -> &str {
    place.split_once('?').map_or(place, |(place, _)| place)
}

fn local_vault(rest: &str) -> Result<CredentialRef, Failure> {
    match rest.split_once('/') {
        Some((LOCAL, name)) if is_name(name) => {
            no_token(name)?;
            Ok(CredentialRef::LocalVault(name.to_owned()))
        }
        Some((LOCAL, _)) => {
            Err(invalid("that is not the name of an entry of the local vault").cause(NAME_RULE))
        }
        _ => Err(vault_form("the field after `#` is missing")),
    }
}

/// `op://vault/item/field` or `op://vault/item/section/field`, passed on verbatim.
fn one_password(text: &str, rest: &str) -> Result<CredentialRef, Failure> {
    let path = rest.trim_start_matches("//");
    let segments: Vec<&str> = path.split('/').collect();
    let whole = matches!(segments.len(), 3 | 4) && segments.iter().all(|each| !each.is_empty());
    if whole && !rest.starts_with("///") {
        no_token(path)?;
        return Ok(CredentialRef::OnePassword(text.to_owned()));
    }
    Err(invalid("that is not a 1Password secret reference")
        .cause("it has a vault, an item, perhaps a section, and a field")
        .hint("write op://VAULT/ITEM/FIELD; the app copies it with `Copy Secret Reference`"))
}

fn pass(path: &str) -> Result<CredentialRef, Failure> {
    if is_path(path) && !path.starts_with('-') {
        no_token(path)?;
        return Ok(CredentialRef::Pass(path.to_owned()));
    }
    Err(invalid("that is not an entry of the password store")
        .cause("an entry is a relative path without `.` and `..`, and does not begin with `-`")
        .hint("write pass:PATH as `pass ls` shows it, for example pass:synapse/openai"))
}

fn systemd(name: &str) -> Result<CredentialRef, Failure> {
    // systemd's own rule: a file name (systemd.exec(5), LoadCredential=).
    let fits = is_path(name) && !name.contains('/') && name.is_ascii() && name.len() <= 255;
    if fits && !name.contains(' ') {
        no_token(name)?;
        return Ok(CredentialRef::Systemd(name.to_owned()));
    }
    Err(invalid("that is not the name of a systemd credential")
        .cause("it is a file name: ASCII, without `/` and spaces")
        .hint("write systemd:NAME as in LoadCredential=NAME:…"))
}

fn command(words: &str) -> Result<CredentialRef, Failure> {
    let Ok(words) = serde_json::from_str::<Vec<String>>(words) else {
        return Err(command_form("it is not a JSON array of strings"));
    };
    let Some(program) = words.first() else {
        return Err(command_form("the array is empty"));
    };
    let absolute = program.starts_with('/') || is_windows_absolute(program);
    if program.is_empty() || (!absolute && program.contains(['/', '\\'])) {
        return Err(command_form(
            "the program is a plain name, looked up on PATH, or an absolute path",
        ));
    }
    if words.iter().any(|word| word.contains('\0')) {
        return Err(command_form("a word holds a NUL character"));
    }
    for word in &words {
        no_token(word)?;
    }
    Ok(CredentialRef::Command(words))
}

/// Refuses parts that look like a token: references appear in files and output.
fn no_token(text: &str) -> Result<(), Failure> {
    let boundary = |each: char| each.is_whitespace() || "/=:,;'\"".contains(each);
    if text.split(boundary).any(looks_like_token) {
        return Err(literal_token());
    }
    Ok(())
}

/// A name safe in every shell, file system and keyring.
fn is_name(name: &str) -> bool {
    let plain = |each: char| each.is_ascii_alphanumeric() || "._-@+".contains(each);
    name.len() <= 128
        && name.chars().all(plain)
        && name.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
}

/// Segments separated by single slashes, none empty, `.` or `..`.
fn is_path(path: &str) -> bool {
    path.split('/')
        .all(|segment| !segment.is_empty() && segment != "." && segment != "..")
        && !path.contains('\\')
}

fn is_windows_absolute(path: &str) -> bool {
    let mut characters = path.chars();
    characters
        .next()
        .is_some_and(|drive| drive.is_ascii_alphabetic())
        && characters.next() == Some(':')
        && matches!(characters.next(), Some('\\' | '/'))
}

fn no_reference() -> Failure {
    invalid("that is not a credential reference")
        .cause(
            "a reference is `file:PATH`, `env:NAME`, `keyring:ACCOUNT`, `vault:local/NAME`, \
             `vault:MOUNT/PATH#FIELD`, `op://VAULT/ITEM/FIELD`, `pass:PATH`, `systemd:NAME` or \
             `cmd:[\"PROGRAM\",\"ARGUMENT\"]`",
        )
        .remedy(
            "put the token into a file that only you can read",
            &super::to_make_a_file("~/.synapse/openai.token"),
        )
}

fn path_alone(path: &str) -> Failure {
    invalid("that is a path, and a reference says what kind of place it names")
        .hint(format!("write file:{path}"))
}

fn vault_form(cause: &str) -> Failure {
    invalid("that is not a reference into a vault")
        .cause(cause)
        .hint("write vault:MOUNT/PATH#FIELD, with ?kv=1 before `#` for a version 1 engine")
        .hint("write vault:local/NAME for Synapse's own encrypted vault")
}

fn command_form(cause: &str) -> Failure {
    invalid("that is not a command that can print a credential")
        .cause(cause)
        .hint("write cmd:[\"PROGRAM\",\"ARGUMENT\"]; no shell reads it, so nothing is expanded")
}

pub(super) fn invalid(message: &str) -> Failure {
    Failure::new(Code::CredentialInvalidReference, message).in_field("credential")
}

/// Longer than any reasonable path or command.
const MAX_LENGTH: usize = 4096;
const NAME_RULE: &str =
    "a name has ASCII letters, digits and `._-@+`, and begins with a letter, a digit or `_`";

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> CredentialRef {
        text.parse().unwrap()
    }

    #[test]
    fn references_round_trip() {
        for text in [
            "file:/run/secrets/openai",
            "file:~/.synapse/a b.token",
            "env:OPENAI_API_KEY",
            "keyring:openai",
            "keyring:work/openai@example.test",
            "vault:local/openai",
            "vault:secret/synapse/openai#api_key",
            "vault:secret/synapse/openai?kv=1#api key",
            "vault:team/kv//synapse/openai#api_key",
            "vault:local//openai#api_key",
            "op://Private/OpenAI key/credential",
            "op://Private/OpenAI/API/credential",
            "pass:synapse/openai",
            "pass:Web Sites/openai",
            "systemd:openai",
            r#"cmd:["/usr/bin/printf","%s","a b"]"#,
            r#"cmd:["helper"]"#,
        ] {
            assert_eq!(parsed(text).to_string(), text);
        }
    }

    #[test]
    fn a_reference_into_a_vault_is_taken_apart() {
        let CredentialRef::Vault(secret) = parsed("vault:team/kv//a/b?kv=1#f") else {
            panic!("another kind");
        };
        let parts = (&*secret.mount, &*secret.path, &*secret.field, secret.engine);
        assert_eq!(parts, ("team/kv", "a/b", "f", KvEngine::V1));
        assert_eq!(parsed("vault:a/b?kv=2#f"), parsed("vault:a/b#f"));
        assert_eq!(
            parsed(r#"cmd:[ "a", "b\u0020c" ]"#),
            CredentialRef::Command(vec!["a".to_owned(), "b c".to_owned()])
        );
    }

    #[test]
    fn anything_else_is_no_reference() {
        for text in [
            "",
            "openai",
            "file:",
            "file:relative",
            "file:./x",
            "file:/x\n",
            "env:",
            "env:$X",
            "env:1X",
            "s3:x",
            "FILE:/x",
            "keyring:",
            "keyring:a//b",
            "keyring:-a",
            "keyring:a b",
            "vault:",
            "vault:local",
            "vault:local/",
            "vault:local/a/b",
            "vault:local/a#field",
            "vault:secret/openai",
            "vault:secret#field",
            "vault:secret/#field",
            "vault:/openai#field",
            "vault:secret/../sys#field",
            "vault:secret/a%2f..#field",
            "vault:secret/openai#",
            "vault:secret/openai?kv=3#field",
            "vault:secret/openai?version=1#field",
            "op:Private/OpenAI/credential",
            "op://Private/OpenAI",
            "op:///OpenAI/credential",
            "op://a/b/c/d/e",
            "op://a//c",
            "pass:",
            "pass:/etc/passwd",
            "pass:../x",
            "pass:-x",
            "pass:a/",
            "systemd:",
            "systemd:..",
            "systemd:a/b",
            "cmd:",
            "cmd:op read x",
            "cmd:[]",
            r#"cmd:[""]"#,
            r#"cmd:["./helper"]"#,
            r#"cmd:["bin/helper"]"#,
            r#"cmd:["a",1]"#,
            r#"cmd:["a","b\u0000c"]"#,
        ] {
            let code = text
                .parse::<CredentialRef>()
                .map_err(|failure| failure.code());
            assert_eq!(code, Err(Code::CredentialInvalidReference), "{text}");
        }
        let long = format!("file:/{}", "x".repeat(MAX_LENGTH));
        assert!(long.parse::<CredentialRef>().is_err());
    }
}
