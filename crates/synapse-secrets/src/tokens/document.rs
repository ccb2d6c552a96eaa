//! Token records in JSON format 1. A newer format is refused, and never overwritten.

use std::borrow::Cow;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use synapse_core::time::Timestamp;
use synapse_core::upstream::{
    AuthMethod, OAuthClient, RecordKey, RegistrationKind, TokenRecord, TokenState,
};
use url::Url;

/// Maximum size of a record in bytes.
pub(super) const CAP: u64 = 256 * 1024;

/// Why a text is not a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    /// Written by a later version of Synapse.
    Newer,
    /// Not a valid record.
    Broken,
}

#[derive(Deserialize)]
struct RecordFormat {
    format: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    format: u32,
    #[serde(borrow)]
    config: Cow<'a, str>,
    server: Cow<'a, str>,
    url: Cow<'a, str>,
    issuer: Cow<'a, str>,
    generation: u64,
    state: Cow<'a, str>,
    client: ClientDocument<'a>,
    token_endpoint: Cow<'a, str>,
    resource: Option<Cow<'a, str>>,
    access_token: Option<Cow<'a, str>>,
    refresh_token: Option<Cow<'a, str>>,
    scopes: Vec<Cow<'a, str>>,
    expires_at: Option<Cow<'a, str>>,
    obtained_at: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientDocument<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    secret: Option<Cow<'a, str>>,
    kind: Cow<'a, str>,
    redirect_uri: Option<Cow<'a, str>>,
    auth_method: Cow<'a, str>,
}

/// The text of a record.
pub(super) fn write(key: &RecordKey, record: &TokenRecord) -> Zeroizing<Vec<u8>> {
    let exposed = |secret: &'_ Option<SecretString>| -> Option<String> {
        secret
            .as_ref()
            .map(|secret| secret.expose_secret().to_owned())
    };
    let (access, refresh, secret) = (
        Zeroizing::new(exposed(&record.access)),
        Zeroizing::new(exposed(&record.refresh)),
        Zeroizing::new(exposed(&record.client.secret)),
    );
    let document = Document {
        format: FORMAT,
        config: Cow::Borrowed(&key.config),
        server: Cow::Borrowed(key.server.as_str()),
        url: Cow::Borrowed(key.url.as_str()),
        issuer: Cow::Borrowed(&key.issuer),
        generation: record.generation,
        state: Cow::Borrowed(record.state.as_str()),
        client: ClientDocument {
            id: Cow::Borrowed(&record.client.id),
            secret: secret.as_deref().map(Cow::Borrowed),
            kind: Cow::Borrowed(record.client.kind.as_str()),
            redirect_uri: record.client.redirect_uri.as_deref().map(Cow::Borrowed),
            auth_method: Cow::Borrowed(record.client.auth_method.as_str()),
        },
        token_endpoint: Cow::Borrowed(record.token_endpoint.as_str()),
        resource: record.resource.as_deref().map(Cow::Borrowed),
        access_token: access.as_deref().map(Cow::Borrowed),
        refresh_token: refresh.as_deref().map(Cow::Borrowed),
        scopes: record
            .scopes
            .iter()
            .map(|scope| Cow::Borrowed(scope.as_str()))
            .collect(),
        expires_at: record.expires_at.map(|end| Cow::Owned(end.to_string())),
        obtained_at: Cow::Owned(record.obtained_at.to_string()),
    };
    // Allocated at full size: a growing vector leaves its old buffer in memory unwiped.
    let mut text = Zeroizing::new(Vec::with_capacity(128 * 1024));
    // Strings and numbers always serialise.
    drop(serde_json::to_writer(&mut *text, &document));
    text.push(b'\n');
    text
}

/// Parses a record.
pub(super) fn read(text: &[u8]) -> Result<(RecordKey, TokenRecord), Damage> {
    match serde_json::from_slice::<Document<'_>>(text) {
        Ok(document) if document.format <= FORMAT => convert(&document).ok_or(Damage::Broken),
        _ => match serde_json::from_slice(text) {
            Ok(RecordFormat { format }) if format > FORMAT => Err(Damage::Newer),
            _ => Err(Damage::Broken),
        },
    }
}

fn convert(document: &Document<'_>) -> Option<(RecordKey, TokenRecord)> {
    let time = |text: &str| text.parse::<Timestamp>().ok();
    let url = |text: &str| Url::parse(text).ok();
    let secret = |text: &Option<Cow<'_, str>>| text.as_deref().map(SecretString::from);
    let key = RecordKey {
        config: document.config.to_string(),
        server: document.server.parse().ok()?,
        url: url(&document.url)?,
        issuer: document.issuer.to_string(),
    };
    let client = &document.client;
    let record = TokenRecord {
        generation: document.generation,
        state: TokenState::named(&document.state)?,
        client: OAuthClient {
            id: client.id.to_string(),
            secret: secret(&client.secret),
            kind: RegistrationKind::named(&client.kind)?,
            redirect_uri: client.redirect_uri.as_deref().map(ToOwned::to_owned),
            auth_method: AuthMethod::named(&client.auth_method)?,
        },
        token_endpoint: url(&document.token_endpoint)?,
        resource: document.resource.as_deref().map(ToOwned::to_owned),
        access: secret(&document.access_token),
        refresh: secret(&document.refresh_token),
        scopes: document.scopes.iter().map(ToString::to_string).collect(),
        expires_at: match &document.expires_at {
            Some(text) => Some(time(text)?),
            None => None,
        },
        obtained_at: time(&document.obtained_at)?,
    };
    Some((key, record))
}

const FORMAT: u32 = 1;

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::tokens) fn sample() -> (RecordKey, TokenRecord) {
        let key = RecordKey {
            config: "home".to_owned(),
            server: "hf".parse().unwrap(),
            url: "https://mcp.test/mcp?login".parse().unwrap(),
            issuer: "https://as.test".to_owned(),
        };
        let record = TokenRecord {
            generation: 7,
            state: TokenState::Usable,
            client: OAuthClient {
                id: "client".to_owned(),
                secret: Some("fake-\"quoted\"-secret".into()),
                kind: RegistrationKind::Configured,
                redirect_uri: Some("http://localhost:7000/oauth/callback".to_owned()),
                auth_method: AuthMethod::Basic,
            },
            token_endpoint: "https://as.test/token".parse().unwrap(),
            resource: Some("https://mcp.test/mcp".to_owned()),
            access: Some("fake-access".into()),
            refresh: None,
            scopes: vec!["read-mcp".to_owned()],
            expires_at: Some(Timestamp::from_millis(1_795_204_800_000)),
            obtained_at: Timestamp::from_millis(1_795_176_000_000),
        };
        (key, record)
    }

    #[test]
    fn a_record_is_written_in_format_one() {
        let (key, record) = sample();
        let text = write(&key, &record);
        assert_eq!(
            str::from_utf8(&text).unwrap(),
            concat!(
                r#"{"format":1,"config":"home","server":"hf","url":"https://mcp.test/mcp?login","#,
                r#""issuer":"https://as.test","generation":7,"state":"usable","client":{"id":"client","#,
                r#""secret":"fake-\"quoted\"-secret","kind":"configured","#,
                r#""redirect_uri":"http://localhost:7000/oauth/callback","#,
                r#""auth_method":"client_secret_basic"},"token_endpoint":"https://as.test/token","#,
                r#""resource":"https://mcp.test/mcp","access_token":"fake-access","#,
                r#""refresh_token":null,"scopes":["read-mcp"],"#,
                r#""expires_at":"2026-11-20T20:00:00.000Z","obtained_at":"2026-11-20T12:00:00.000Z"}"#,
                "\n"
            )
        );
        let (read_key, read) = read(&text).unwrap();
        assert_eq!(read_key, key);
        assert_eq!(write(&read_key, &read), text);
    }

    #[test]
    fn what_synapse_does_not_write_is_damage() {
        let (key, record) = sample();
        let text = write(&key, &record);
        let text = str::from_utf8(&text).unwrap();
        let newer = text.replace("\"format\":1", "\"format\":2");
        assert_eq!(read(newer.as_bytes()).unwrap_err(), Damage::Newer);
        for broken in [
            String::new(),
            text[..text.len() / 2].to_owned(),
            text.replace("usable", "unheard-of"),
            text.replace("\"config\"", "\"other\""),
            text.replace("2026-11-20T20", "soon"),
            "[]".to_owned(),
            "\0".repeat(10),
        ] {
            assert_eq!(
                read(broken.as_bytes()).unwrap_err(),
                Damage::Broken,
                "{broken}"
            );
        }
    }
}
