//! The address and token of the Vault server: from `vault.toml` or, if there is no such file, from
//! the variables of its own command-line tool.
//!
//! **Invariant:** a stored token goes to the stored address only. The environment provides both or
//! neither, so no variable can send the token of a file to another host.

use std::io::{ErrorKind, Read as _};
use std::path::Path;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use serde::Deserialize;
use synapse_core::credential::CredentialRef;
use synapse_core::secure_url::{SecureUrl, SecureUrlError};
use synapse_core::{Code, Failure};
use synapse_files::{self as file, Found};
use synapse_home::failure::{reading, rely_on, shown};
use synapse_http::RootCertificate;
use url::Url;

use super::super::{Secrets, content};
use super::may_hold_token;

/// The settings of requests to the server.
pub(super) struct Settings {
    pub(super) address: Url,
    pub(super) token: Token,
    pub(super) namespace: Option<String>,
    pub(super) extra_roots: Vec<RootCertificate>,
}

/// The server's own credential.
pub(super) enum Token {
    /// The value from the environment.
    Value(SecretString),
    /// A reference to it.
    Reference(CredentialRef),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSettings {
    format: i64,
    address: String,
    token: String,
    namespace: Option<String>,
    ca_file: Option<String>,
}

impl Settings {
    /// The settings in `vault.toml`, otherwise those of the environment. Never a mixture.
    pub(super) fn find(secrets: &Secrets) -> Result<Self, Failure> {
        let path = secrets.home.as_ref().map(synapse_home::Home::vault_server);
        if let (Some(home), Some(path)) = (&secrets.home, &path) {
            rely_on(home, path)?;
        }
        if let Some(path) = &path
            && let Some(text) = read(path)?
        {
            return parse(&text, secrets).map_err(|failure| failure.with("file", shown(path)));
        }
        from_environment(secrets, path.as_deref())
    }
}

fn parse(text: &str, secrets: &Secrets) -> Result<Settings, Failure> {
    let written: WrittenSettings = toml_edit::de::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        // Unlike the error's `Display`, the message has keys and kinds but no part of the text.
        let code = if error.message().starts_with("unknown field") {
            Code::ConfigUnknownField
        } else {
            Code::ConfigSyntax
        };
        Failure::new(code, "vault.toml cannot be read")
            .cause(format!("line {line}: {}", error.message()))
            .hint("it has format, address and token, and perhaps namespace and ca_file")
            .with("line", line)
    })?;
    if written.format > FORMAT {
        return Err(Failure::new(
            Code::ConfigNewerFormat,
            "vault.toml was written by a newer Synapse",
        )
        .hint("use the newer Synapse"));
    }
    let reference: CredentialRef = written.token.parse()?;
    if !may_hold_token(&reference) {
        return Err(
            invalid("the token of the Vault server cannot be kept there")
                .hint("give it as file:, env:, keyring: or systemd:"),
        );
    }
    let extra_roots = match &written.ca_file {
        Some(path) => vec![certificate(path, secrets)?],
        None => Vec::new(),
    };
    Ok(Settings {
        address: address(&written.address)?,
        token: Token::Reference(reference),
        namespace: written.namespace,
        extra_roots,
    })
}

fn from_environment(secrets: &Secrets, file: Option<&Path>) -> Result<Settings, Failure> {
    let variable = |name: String| {
        (secrets.environment)(&name)
            .filter(|value| !value.is_empty())
            .map(|value| (name, value))
    };
    // OpenBao's own tool prefers its own names too; then all settings are of that family.
    let found = FAMILIES
        .iter()
        .find_map(|family| Some((family, variable(format!("{family}_ADDR"))?)));
    let Some((family, (name, value))) = found else {
        return Err(not_configured(
            "Synapse does not know where the Vault server is",
            file,
        ));
    };
    let address = address(&value.to_string_lossy())
        .map_err(|failure| failure.cause(format!("it is from {name}")))?;
    let Some((name, token)) = variable(format!("{family}_TOKEN")) else {
        return Err(
            not_configured("there is no token for the Vault server", file).cause(format!(
                "{family}_ADDR is set and {family}_TOKEN is not; a token that is stored, as in \
             ~/.vault-token, is not sent to an address that a variable gives"
            )),
        );
    };
    let token = Zeroizing::new(token.into_encoded_bytes());
    let token = content::check(&token)
        .map_err(|flaw| flaw.failure(&format!("the environment variable {name}")))?;
    Ok(Settings {
        address,
        token: Token::Value(token),
        namespace: variable(format!("{family}_NAMESPACE"))
            .map(|(_, value)| value.to_string_lossy().into_owned()),
        extra_roots: Vec::new(),
    })
}

fn not_configured(message: &str, file: Option<&Path>) -> Failure {
    let failure = Failure::new(Code::CredentialStoreNotConfigured, message);
    let Some(file) = file else {
        return failure;
    };
    failure
        .hint(format!(
            "write {} with the lines: format = 1, address = \"https://HOST:8200\", \
             token = \"file:~/.vault-token\"",
            shown(file)
        ))
        .with("file", shown(file))
}

fn address(text: &str) -> Result<Url, Failure> {
    text.parse::<SecureUrl>()
        .map(SecureUrl::into_url)
        .map_err(|error| match error {
            SecureUrlError::NoUrl(_) => invalid("the address of the Vault server is not a URL"),
            SecureUrlError::UserInfo | SecureUrlError::QueryOrFragment => {
                invalid("the address of the Vault server has more than scheme, host, port and path")
            }
            _ => invalid("the address of the Vault server is not https").cause(
                "its token would go over the network unencrypted; http is for loopback only",
            ),
        })
}

fn certificate(written: &str, secrets: &Secrets) -> Result<RootCertificate, Failure> {
    let path = super::super::file::expand(written, secrets.user_home.as_deref())?;
    let text = read(&path)?.ok_or_else(|| {
        invalid("the file of ca_file does not exist").with("ca_file", shown(&path))
    })?;
    RootCertificate::from_pem(text.as_bytes()).map_err(|_| {
        invalid("the file of ca_file holds no certificate in PEM form")
            .with("ca_file", shown(&path))
    })
}

/// The text of a small file, or `None` when there is no such file.
fn read(path: &Path) -> Result<Option<String>, Failure> {
    let mut text = String::new();
    match file::open(path) {
        Ok(Found::Regular(file, _)) => file
            .take(MAX_LENGTH)
            .read_to_string(&mut text)
            .map(|_| Some(text))
            .map_err(|error| reading(path, &error)),
        Ok(Found::Other(what)) => Err(synapse_home::failure::not_a_file(path, what)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(reading(path, &error)),
    }
}

pub(super) fn invalid(message: &str) -> Failure {
    Failure::new(Code::ConfigInvalidValue, message)
}

const FORMAT: i64 = 1;
const FAMILIES: [&str; 2] = ["BAO", "VAULT"];
const MAX_LENGTH: u64 = 64 * 1024;
