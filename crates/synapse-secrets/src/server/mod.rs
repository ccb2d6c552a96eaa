//! `vault:MOUNT/PATH#FIELD` references: a field in a key-value engine of HashiCorp Vault or
//! OpenBao, read with one GET. `settings` has the server's address, `answer` parses its answer.

mod answer;
mod settings;

use secrecy::zeroize::Zeroizing;
use synapse_core::credential::{CredentialRef, KvEngine, VaultSecret};
use synapse_core::ports::{ResolvedSecret, SecretResolver as _};
use synapse_core::secret::BoundSecret;
use synapse_core::{Code, Failure, NetworkPermit, Origin};
use synapse_http::{HttpClient, HttpConfig, HttpRequest, Method, TransportFailure, TransportKind};
use url::Url;

use self::settings::{Settings, Token};
use super::bounded::late;
use super::{Secrets, content};

/// Reads the field that `secret` names. Sends exactly one request to the server.
pub(super) async fn resolve(
    secrets: &Secrets,
    permit: &NetworkPermit,
    secret: &VaultSecret,
) -> Result<ResolvedSecret, Failure> {
    let settings = Settings::find(secrets)?;
    let origin = Origin::of(&settings.address);
    let host = origin.host().to_owned();
    let permit = permit.for_store(origin.clone());
    let token = match settings.token {
        Token::Value(value) => value,
        // Boxed because it calls the caller of this function; the recursion ends there.
        Token::Reference(reference) => {
            Box::pin(secrets.resolve(&permit, &reference))
                .await
                .map_err(|failure| failure.cause("reading the token for the Vault server"))?
                .value
        }
    };
    let token = BoundSecret::new(token, vec![origin]);
    let url = url(&settings.address, secret)?;
    let mut request = HttpRequest::new(Method::Get, url, secrets.deadline)
        // A Vault Agent may refuse requests without it, as protection against cross-site requests.
        .header("x-vault-request", "true")
        .bearer(&token);
    if let Some(namespace) = &settings.namespace {
        request = request.header("x-vault-namespace", namespace);
    }
    let client = HttpClient::new(HttpConfig {
        body_cap: BODY_CAP,
        connect_timeout: secrets.deadline,
        extra_roots: settings.extra_roots,
        ..HttpConfig::default()
    });
    let response = client
        .send(&permit, request)
        .await
        .map_err(|failure| unreachable(&failure, &host, secrets))?;
    let body = Zeroizing::new(response.body);
    let field = answer::read(secret, response.status, &body)
        .map_err(|failure| failure.with("host", &host))?;
    let place = shown(secret);
    let value = content::check(field.value.as_bytes()).map_err(|flaw| flaw.failure(&place))?;
    Ok(ResolvedSecret {
        value,
        found: format!("{place} at {host}, {}one line", field.version),
    })
}

/// Checks that the server's address is known and that its token is reachable. Contacts nobody.
pub(super) async fn reach(secrets: &Secrets, secret: &VaultSecret) -> Result<String, Failure> {
    let settings = Settings::find(secrets)?;
    if let Token::Reference(reference) = &settings.token {
        Box::pin(secrets.reach(reference))
            .await
            .map_err(|failure| failure.cause("reading the token for the Vault server"))?;
    }
    let host = Origin::of(&settings.address);
    Ok(format!("{} at {host}; not read", shown(secret)))
}

/// The description of a field.
pub(super) fn shown(secret: &VaultSecret) -> String {
    format!(
        "the field `{}` of `{}/{}` in Vault",
        secret.field, secret.mount, secret.path
    )
}

/// The address of the server, or that it is unknown. Reads only the configuration.
pub(super) fn server(secrets: &Secrets) -> String {
    Settings::find(secrets).map_or_else(
        |failure| failure.message().to_owned(),
        |settings| Origin::of(&settings.address).to_string(),
    )
}

fn url(address: &Url, secret: &VaultSecret) -> Result<Url, Failure> {
    let mut url = address.clone();
    let Ok(mut path) = url.path_segments_mut() else {
        return Err(settings::invalid(
            "the address of the Vault server has no path",
        ));
    };
    path.pop_if_empty().push("v1");
    path.extend(secret.mount.split('/'));
    if secret.engine == KvEngine::V2 {
        path.push("data");
    }
    path.extend(secret.path.split('/'));
    drop(path);
    Ok(url)
}

fn unreachable(failure: &TransportFailure, host: &str, secrets: &Secrets) -> Failure {
    let shown = failure.to_failure();
    match failure.kind() {
        TransportKind::NotPermitted | TransportKind::Internal | TransportKind::InvalidSecret => {
            return shown;
        }
        TransportKind::ConnectTimeout | TransportKind::ResponseTimeout => {
            return late("the Vault server", secrets.deadline).with("host", host);
        }
        TransportKind::BodyTooLarge { .. }
        | TransportKind::Undecodable
        | TransportKind::Malformed
        | TransportKind::NotHttp => Failure::new(
            Code::CredentialStoreFailed,
            "the answering server is not a Vault server",
        ),
        _ => Failure::new(
            Code::CredentialStoreUnreachable,
            "the Vault server could not be reached",
        ),
    }
    .cause(shown.message())
    .hint("check the address in vault.toml, the server and the network")
    .with("host", host)
}

/// Whether `reference` may hold the server's own token: a store that does not need the server.
fn may_hold_token(reference: &CredentialRef) -> bool {
    matches!(
        reference,
        CredentialRef::File(_)
            | CredentialRef::Env(_)
            | CredentialRef::Keyring(_)
            | CredentialRef::Systemd(_)
    )
}

/// A secret of many fields is some kilobytes.
const BODY_CAP: usize = 256 * 1024;
