//! Parses the answer of a key-value engine. Formats and messages are those of the HTTP API of Vault
//! 1.x and OpenBao 2.x; nothing of a body is ever shown.

use std::collections::BTreeMap;

use secrecy::zeroize::Zeroizing;
use serde::Deserialize;
use serde_json::value::RawValue;
use synapse_core::credential::{KvEngine, VaultSecret};
use synapse_core::{Code, Failure};

/// The requested field.
pub(super) struct RequestedField {
    pub(super) value: Zeroizing<String>,
    /// `version 3, `, or empty for an engine without versions.
    pub(super) version: String,
}

/// The values stay unparsed until one is needed.
type Fields<'a> = BTreeMap<String, &'a RawValue>;

#[derive(Deserialize)]
struct VaultAnswer<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    errors: Option<Vec<String>>,
    warnings: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Versioned<'a> {
    #[serde(borrow)]
    data: Option<Fields<'a>>,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    version: u64,
    #[serde(default)]
    deletion_time: String,
    #[serde(default)]
    destroyed: bool,
}

/// Extracts the field of `secret` from an answer.
pub(super) fn read(
    secret: &VaultSecret,
    status: u16,
    body: &[u8],
) -> Result<RequestedField, Failure> {
    let answer: Option<VaultAnswer<'_>> = serde_json::from_slice(body).ok();
    match (status, answer) {
        (200, Some(answer)) => field(secret, &answer),
        (_, Some(answer)) => Err(refusal(secret, status, &answer)),
        (_, None) if status == 503 || status == 404 || status == 403 => {
            // Some servers of this API answer without a body.
            let empty = VaultAnswer {
                data: None,
                errors: None,
                warnings: None,
            };
            Err(refusal(secret, status, &empty))
        }
        (_, None) => Err(failed(status).cause("the answer is not JSON: it may be another server")),
    }
}

fn field(secret: &VaultSecret, answer: &VaultAnswer<'_>) -> Result<RequestedField, Failure> {
    let data = answer.data.map_or("null", RawValue::get);
    let (fields, version) = match secret.engine {
        KvEngine::V1 => (
            serde_json::from_str::<Option<Fields<'_>>>(data),
            String::new(),
        ),
        KvEngine::V2 => match serde_json::from_str::<Versioned<'_>>(data) {
            Ok(versioned) => {
                let version = versioned.metadata.version;
                (Ok(versioned.data), format!("version {version}, "))
            }
            Err(error) => (Err(error), String::new()),
        },
    };
    let Ok(Some(fields)) = fields else {
        return Err(failed(200)
            .cause("the answer does not match this version of the key-value engine")
            .hint("write ?kv=1 before `#` for a version 1 engine, and nothing for version 2"));
    };
    let Some(raw) = fields.get(&secret.field) else {
        let names: Vec<&str> = fields.keys().map(String::as_str).take(MAX_NAMES).collect();
        return Err(Failure::new(
            Code::CredentialFieldMissing,
            format!("the secret has no field `{}`", secret.field),
        )
        .cause(format!("its fields are: {}", names.join(", ")))
        .hint("correct the name after `#`"));
    };
    let value = serde_json::from_str::<String>(raw.get()).map_err(|_| {
        Failure::new(
            Code::CredentialMalformed,
            format!("the field `{}` is not text", secret.field),
        )
        .hint("store the token as a string")
    })?;
    Ok(RequestedField {
        value: Zeroizing::new(value),
        version,
    })
}

fn refusal(secret: &VaultSecret, status: u16, answer: &VaultAnswer<'_>) -> Failure {
    let said = |words: &str| {
        let warnings = answer.warnings.iter().flatten();
        let mut all = answer.errors.iter().flatten().chain(warnings);
        all.any(|each| each.contains(words))
    };
    match status {
        403 => Failure::new(
            Code::CredentialStoreDenied,
            "the Vault server refused the token for that path",
        )
        .cause("the token has expired, is not valid, or no policy of it allows to read the path")
        .shell("see what the token may do", "vault token lookup"),
        404 => missing(
            secret,
            answer,
            said("Invalid path for a versioned"),
            said("no handler"),
        ),
        503 if answer.errors.as_ref().is_none_or(Vec::is_empty)
            || said("sealed")
            || said("not initialized") =>
        {
            Failure::new(Code::CredentialStoreSealed, "the Vault server is sealed")
                .cause("it answers nothing until it is unsealed")
                .shell("unseal it, or ask who runs it", "vault operator unseal")
        }
        300..=399 => failed(status)
            .cause("it sent a redirect, which is not followed; use the address of the active node"),
        400 if said("missing client token") => Failure::new(
            Code::CredentialStoreDenied,
            "the Vault server found no token in the request",
        )
        .cause("something between here and the server removes the authorization header"),
        429 => failed(status).cause("a rate limit of the server was reached"),
        _ => failed(status),
    }
    .with("http_status", status)
}

fn missing(
    secret: &VaultSecret,
    answer: &VaultAnswer<'_>,
    versioned: bool,
    unmounted: bool,
) -> Failure {
    let data = answer.data.map_or("null", RawValue::get);
    if let Ok(found) = serde_json::from_str::<Versioned<'_>>(data)
        && (found.metadata.destroyed || !found.metadata.deletion_time.is_empty())
    {
        let what = if found.metadata.destroyed {
            "destroyed"
        } else {
            "deleted"
        };
        return Failure::new(
            Code::CredentialDeleted,
            format!(
                "version {} of the secret was {what}",
                found.metadata.version
            ),
        )
        .shell(
            "undelete the version, or write a new one",
            format!(
                "vault kv undelete -mount={} -versions={} {}",
                secret.mount, found.metadata.version, secret.path
            ),
        );
    }
    let failure = Failure::new(
        Code::CredentialMissing,
        format!("Vault has nothing at `{}/{}`", secret.mount, secret.path),
    );
    if versioned {
        return failure
            .cause("the engine there is of version 2")
            .hint("remove `?kv=1` from the reference");
    }
    if unmounted {
        return failure
            .cause(format!("no engine is mounted at `{}`", secret.mount))
            .hint("a mount of several segments is set off by `//`: vault:team/kv//PATH#FIELD");
    }
    failure.hint("write mount and path without `data`; a version 1 engine needs ?kv=1 before `#`")
}

fn failed(status: u16) -> Failure {
    Failure::new(
        Code::CredentialStoreFailed,
        format!("the Vault server answered with {status}"),
    )
    .hint("ask it by hand: vault kv get -mount=MOUNT PATH")
}

const MAX_NAMES: usize = 20;
