//! The OAuth settings of an entry, in our spelling and those of Claude Code, Cursor and Codex.

use synapse_core::credential::CredentialRef;
use synapse_core::upstream::{
    OAuthSettings, PkcePolicy, ResourcePolicy, Template, UpstreamTransport,
};
use synapse_core::{Code, Failure, Remedy};

use super::keys;
use super::reader::MemberReader;
use super::tree::{Node, Value};

/// Reads `oauth`, or `auth` (Cursor).
pub(super) fn read(
    reader: &mut MemberReader<'_>,
    transport: &UpstreamTransport,
) -> Result<Option<OAuthSettings>, Failure> {
    let node = match (reader.take("oauth"), reader.take("auth")) {
        (Some(node), None) => node,
        (None, Some(node)) => {
            reader.spelled("auth", "oauth");
            node
        }
        (Some(_), Some(node)) => {
            return Err(reader.at(
                node,
                Code::ConfigInvalidValue,
                "the entry has both `oauth` and `auth`",
            ));
        }
        (None, None) => return codex(reader),
    };
    // Some programs write `oauth: false` for a server without a login.
    if node.value == Value::Flag(false) {
        return Ok(None);
    }
    let members = reader.object("oauth", node)?;
    if matches!(transport, UpstreamTransport::Stdio { .. }) {
        return Err(reader
            .at(
                node,
                Code::ConfigInvalidValue,
                "`oauth` has no meaning for a program",
            )
            .hint("give it its credential in `env`"));
    }
    let mut below = reader.below("oauth.", members);
    for (key, what) in keys::OAUTH_REFUSED {
        if let Some(node) = below.take(key) {
            return Err(below
                .at(
                    node,
                    Code::UpstreamUnsupported,
                    format!("`oauth.{key}` asks for {what}, which is not supported"),
                )
                .hint("a login uses the authorization code with PKCE, or the device flow"));
        }
    }
    let settings = OAuthSettings {
        client_id: template(&mut below, "clientId", &["client_id", "CLIENT_ID"])?,
        client_secret: secret(&mut below)?,
        redirect_uri: template(
            &mut below,
            "redirectUri",
            &["redirect_uri", "redirectUrl", "REDIRECT_URI"],
        )?,
        callback_port: port(&mut below)?,
        scopes: scopes(&mut below)?,
        issuer: https(&mut below, "issuer", &[])?,
        resource: resource(&mut below)?,
        client_metadata_url: https(&mut below, "clientMetadataUrl", &["client_metadata_url"])?,
        server_metadata_url: https(
            &mut below,
            "authServerMetadataUrl",
            &["auth_server_metadata_url"],
        )?,
        pkce: pkce(&mut below)?,
    };
    let (ignored, warnings) =
        below.finish(&keys::OAUTH, &keys::OAUTH_FOREIGN, &keys::OAUTH_SAFETY)?;
    drop(ignored);
    reader.warnings.extend(warnings);
    Ok(Some(settings))
}

/// Codex puts two of them beside the URL.
fn codex(reader: &mut MemberReader<'_>) -> Result<Option<OAuthSettings>, Failure> {
    let resource = reader.take("oauth_resource");
    let scopes = reader.take("scopes");
    if resource.is_none() && scopes.is_none() {
        return Ok(None);
    }
    let mut settings = OAuthSettings::default();
    if let Some(node) = resource {
        let uri = reader.text("oauth_resource", node)?;
        settings.resource = ResourcePolicy::Fixed(uri.to_owned());
        reader.spelled("oauth_resource", "oauth.resource");
    }
    if let Some(node) = scopes {
        settings.scopes = Some(words(reader, node)?);
        reader.spelled("scopes", "oauth.scopes");
    }
    Ok(Some(settings))
}

fn template(
    reader: &mut MemberReader<'_>,
    key: &str,
    spellings: &[&str],
) -> Result<Option<Template>, Failure> {
    let Some(node) = reader.take_any(key, spellings)? else {
        return Ok(None);
    };
    let template = reader.template(key, node)?;
    let plain = template.plain();
    if plain.as_ref().is_some_and(|text| text.trim().is_empty()) {
        return Err(reader.at(
            node,
            Code::ConfigInvalidValue,
            format!("`oauth.{key}` is empty"),
        ));
    }
    if key == "redirectUri"
        && let Some(uri) = plain
        && !url::Url::parse(&uri).is_ok_and(|url| url.has_host() && url.fragment().is_none())
    {
        return Err(reader
            .at(
                node,
                Code::ConfigInvalidValue,
                "`oauth.redirectUri` is not an absolute URI without a fragment",
            )
            .hint("write it as it is registered, such as http://localhost:7000/oauth/callback"));
    }
    if template.secrets().next().is_some() {
        return Err(reader.at(
            node,
            Code::ConfigInvalidValue,
            format!("`oauth.{key}` is not a secret; write it, or name a variable"),
        ));
    }
    Ok(Some(template))
}

/// The client secret: only a reference or a variable.
fn secret(reader: &mut MemberReader<'_>) -> Result<Option<Template>, Failure> {
    let spellings = ["client_secret", "CLIENT_SECRET"];
    let Some(node) = reader.take_any("clientSecret", &spellings)? else {
        return Ok(None);
    };
    let template = reader.template("clientSecret", node)?;
    if template.texts().all(str::is_empty) {
        return Ok(Some(template));
    }
    let failure = Failure::new(
        Code::CredentialLiteralToken,
        "`oauth.clientSecret` is written out in the file",
    )
    .remedy(
        "keep it in the keyring, or in a file that only you can read",
        &Remedy::StoreSecret {
            reference: CredentialRef::Keyring("oauth-client".to_owned()),
        },
    )
    .hint("then write `${keyring:oauth-client}` in its place, or `${NAME}` for a variable");
    Err(reader.locate(failure, node))
}

fn port(reader: &mut MemberReader<'_>) -> Result<Option<u16>, Failure> {
    let Some(node) = reader.take_any("callbackPort", &["callback_port"])? else {
        return Ok(None);
    };
    let port = match &node.value {
        Value::Number(number) => number.parse::<u16>().ok().filter(|port| *port > 0),
        _ => None,
    };
    match port {
        Some(port) => Ok(Some(port)),
        None => Err(reader.at(
            node,
            Code::ConfigInvalidValue,
            "`oauth.callbackPort` is not a port from 1 to 65535",
        )),
    }
}

fn scopes(reader: &mut MemberReader<'_>) -> Result<Option<Vec<String>>, Failure> {
    match reader.take_any("scopes", &["scope", "oauthScopes"])? {
        Some(node) => words(reader, node).map(Some),
        None => Ok(None),
    }
}

/// A list, or one text of scopes separated by spaces.
fn words(reader: &MemberReader<'_>, node: &Node) -> Result<Vec<String>, Failure> {
    let scopes: Vec<String> = match &node.value {
        Value::Text(text) => text.split_whitespace().map(str::to_owned).collect(),
        Value::List(items) => items
            .iter()
            .map(|item| match &item.value {
                Value::Text(text) => Ok(text.clone()),
                _ => Err(reader.at(
                    item,
                    Code::ConfigInvalidValue,
                    "`oauth.scopes` is not a list of texts",
                )),
            })
            .collect::<Result<_, _>>()?,
        _ => {
            return Err(reader.at(
                node,
                Code::ConfigInvalidValue,
                "`oauth.scopes` is not a list of texts",
            ));
        }
    };
    // RFC 6749, section 3.3.
    let fits = |scope: &String| {
        !scope.is_empty()
            && scope
                .bytes()
                .all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
    };
    if scopes.iter().all(fits) {
        return Ok(scopes);
    }
    Err(reader.at(
        node,
        Code::ConfigInvalidValue,
        "`oauth.scopes` has a scope with characters that none may have",
    ))
}

fn resource(reader: &mut MemberReader<'_>) -> Result<ResourcePolicy, Failure> {
    match text(reader, "resource", &[])? {
        None => Ok(ResourcePolicy::Discovered),
        Some(word) if word == "omit" => Ok(ResourcePolicy::Omitted),
        // RFC 8707, section 2.
        Some(uri) => match url::Url::parse(&uri) {
            Ok(url) if url.fragment().is_none() => Ok(ResourcePolicy::Fixed(uri)),
            _ => Err(Failure::new(
                Code::ConfigInvalidValue,
                "`oauth.resource` is neither an absolute URI without a fragment nor `omit`",
            )),
        },
    }
}

fn pkce(reader: &mut MemberReader<'_>) -> Result<PkcePolicy, Failure> {
    let Some(node) = reader.take("pkce") else {
        return Ok(PkcePolicy::Required);
    };
    match reader.text("pkce", node)? {
        "required" => Ok(PkcePolicy::Required),
        "unadvertised" => Ok(PkcePolicy::Unadvertised),
        _ => Err(reader
            .at(
                node,
                Code::ConfigInvalidValue,
                "`oauth.pkce` takes `required` or `unadvertised`",
            )
            .hint("a login without PKCE is not supported")),
    }
}

fn https(
    reader: &mut MemberReader<'_>,
    key: &str,
    spellings: &[&str],
) -> Result<Option<String>, Failure> {
    let Some(node) = reader.take_any(key, spellings)? else {
        return Ok(None);
    };
    let url = reader.text(key, node)?;
    match url::Url::parse(url) {
        Ok(parsed) if matches!(parsed.scheme(), "https" | "http") => Ok(Some(url.to_owned())),
        _ => Err(reader.at(
            node,
            Code::EndpointInvalidUrl,
            format!("`oauth.{key}` is not an https URL"),
        )),
    }
}

fn text(
    reader: &mut MemberReader<'_>,
    key: &str,
    spellings: &[&str],
) -> Result<Option<String>, Failure> {
    match reader.take_any(key, spellings)? {
        Some(node) => reader.text(key, node).map(|text| Some(text.to_owned())),
        None => Ok(None),
    }
}
