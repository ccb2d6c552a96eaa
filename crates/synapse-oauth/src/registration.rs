//! Selects the client: the configured one, a metadata document, or a new registration. No fallback
//! between them.

use secrecy::SecretString;
use serde_json::json;
use synapse_core::upstream::{
    AuthMethod, OAuthClient, RegistrationKind, TokenRecord, UpstreamName,
};
use synapse_core::{Code, Failure, NetworkPermit, Remedy};
use url::Url;

use crate::address::{named_by, shown};
use crate::discovery::ServerMetadata;
use crate::json;
use crate::settings::{LoginSettings, Registering};
use crate::wire::{Wire, no_answer};

/// The selected way.
#[derive(Debug, Clone)]
pub(crate) enum Choice {
    /// A client that is known already.
    Known(OAuthClient),
    /// A client that has to be registered.
    Register,
}

impl Choice {
    pub(crate) const fn kind(&self) -> RegistrationKind {
        match self {
            Self::Known(client) => client.kind,
            Self::Register => RegistrationKind::Registered,
        }
    }
}

/// Selects in the order of the specification: configured, metadata document, registration.
///
/// # Errors
/// `oauth.client-required` with the available ways, `oauth.registration-refused` if the server has
/// no registration endpoint.
pub(crate) fn choose(
    name: &UpstreamName,
    url: &Url,
    settings: &LoginSettings,
    (registering, port): (Registering, Option<u16>),
    stored: Option<&TokenRecord>,
    server: &ServerMetadata,
) -> Result<Choice, Failure> {
    if let Some(id) = &settings.client_id {
        let secret = settings.client_secret.clone();
        let has_secret = match secret {
            Some(_) => crate::discovery::Secret::Present,
            None => crate::discovery::Secret::Absent,
        };
        return Ok(Choice::Known(OAuthClient {
            id: id.clone(),
            secret,
            kind: RegistrationKind::Configured,
            redirect_uri: settings.redirect_uri.clone(),
            auth_method: server.method(has_secret),
        }));
    }
    if let Some(document) = &settings.client_metadata_url {
        return metadata_document(document, url, server).map(Choice::Known);
    }
    let registered = stored.filter(|record| record.client.kind == RegistrationKind::Registered);
    if let Some(record) = registered
        && (fits(&record.client, settings, port) || registering == Registering::Refused)
    {
        return Ok(Choice::Known(record.client.clone()));
    }
    match registering {
        Registering::Allowed => Ok(Choice::Register),
        Registering::Refused => Err(client_required(name, server)),
    }
}

/// A registration is only valid for its redirect URI.
fn fits(client: &OAuthClient, settings: &LoginSettings, port: Option<u16>) -> bool {
    let registered = client.redirect_uri.as_deref();
    match &settings.redirect_uri {
        Some(wanted) => registered == Some(wanted),
        None => {
            let wanted = port.or(settings.callback_port);
            let has = registered.and_then(|uri| Url::parse(uri).ok()?.port_or_known_default());
            wanted.is_none_or(|wanted| has == Some(wanted))
        }
    }
}

fn metadata_document(
    document: &str,
    url: &Url,
    server: &ServerMetadata,
) -> Result<OAuthClient, Failure> {
    let refused = |why: String| {
        Failure::new(
            Code::OauthClientRequired,
            "the client's metadata document cannot be used",
        )
        .cause(why)
        .hint("correct `clientMetadataUrl`, or configure a client id in its place")
    };
    // Draft "OAuth Client ID Metadata Document": https, with a path.
    let named = named_by(document, url).map_err(|why| refused(why.to_string()))?;
    if named.scheme() != "https" || named.path() == "/" {
        return Err(refused("its URL is not https with a path".to_owned()));
    }
    if !server.metadata_documents {
        return Err(refused(format!(
            "{} does not take the URL of a document as client id",
            shown(&server.issuer)
        )));
    }
    Ok(OAuthClient {
        id: document.to_owned(),
        secret: None,
        kind: RegistrationKind::MetadataDocument,
        redirect_uri: None,
        auth_method: AuthMethod::None,
    })
}

fn client_required(name: &UpstreamName, server: &ServerMetadata) -> Failure {
    let failure = Failure::new(
        Code::OauthClientRequired,
        format!("no OAuth client is configured for `{name}`"),
    )
    .cause(format!(
        "{} requires registered clients",
        shown(&server.issuer)
    ))
    .hint(
        "register an app with the provider and set `clientId` in the entry's `oauth` (Hugging \
         Face: https://huggingface.co/settings/applications/new)",
    );
    let failure = if server.metadata_documents {
        failure.hint(
            "or host a metadata document, such as docs/oauth/client.json, and set \
         `clientMetadataUrl`",
        )
    } else {
        failure
    };
    match &server.registration_endpoint {
        Some(_) => failure.remedy(
            "or let Synapse register itself as a client",
            &Remedy::LogInAndRegister {
                server: name.clone(),
            },
        ),
        None => failure.cause("it has no endpoint to register at"),
    }
}

/// Registers a native client for `redirect` (RFC 7591). Sends one request.
///
/// # Errors
/// `oauth.registration-refused`, `transport.*`.
pub(crate) async fn register(
    wire: &Wire,
    permit: &NetworkPermit,
    server: &ServerMetadata,
    redirect: &str,
    scopes: &[String],
) -> Result<OAuthClient, Failure> {
    let refused = |why: String| {
        Failure::new(
            Code::OauthRegistrationRefused,
            "the authorization server did not register a client",
        )
        .cause(why)
        .hint("register an app with the provider and set `clientId` in the entry's `oauth`")
    };
    let Some(endpoint) = &server.registration_endpoint else {
        return Err(refused("it has no endpoint to register at".to_owned()));
    };
    let method = wanted_method(server);
    let mut grants = vec!["authorization_code", "refresh_token"];
    if server.device_endpoint.is_some() {
        grants.push(crate::device::GRANT);
    }
    let mut wanted = json!({
        "client_name": "Synapse",
        "application_type": "native",
        "redirect_uris": [redirect],
        "grant_types": grants,
        "response_types": ["code"],
        "token_endpoint_auth_method": method.as_str(),
    });
    if !scopes.is_empty()
        && let Some(object) = wanted.as_object_mut()
    {
        object.insert("scope".to_owned(), scopes.join(" ").into());
    }
    let body = wanted.to_string().into_bytes();
    let answer = wire
        .json(permit, endpoint.clone(), body)
        .await
        .map_err(|failure| no_answer("the registration got no answer", &failure))?;
    let status = answer.status;
    let object = json::object(&answer.body, REGISTRATION_CAP);
    if status != 200 && status != 201 {
        let told = object.ok().and_then(|object| {
            let error = json::text(&object, "error").map(shown)?;
            Some(match json::text(&object, "error_description").map(shown) {
                Some(description) => format!("`{error}`: {description}"),
                None => format!("`{error}`"),
            })
        });
        return Err(refused(match told {
            Some(told) => format!("it answered {status}, {told}"),
            None => format!("it answered {status}"),
        }));
    }
    let object = object.map_err(|flaw| refused(format!("it answered {status}, but {flaw}")))?;
    let id = json::text(&object, "client_id")
        .filter(|id| is_client_text(id))
        .ok_or_else(|| refused("its answer has no usable client id".to_owned()))?;
    let secret = json::text(&object, "client_secret").filter(|secret| is_client_text(secret));
    let given = json::text(&object, "token_endpoint_auth_method").and_then(AuthMethod::named);
    let auth_method = match (secret, given) {
        (None, _) => AuthMethod::None,
        (Some(_), Some(given)) => given,
        (Some(_), None) => method,
    };
    Ok(OAuthClient {
        id: id.to_owned(),
        secret: match auth_method {
            AuthMethod::None => None,
            AuthMethod::Basic | AuthMethod::Post => secret.map(SecretString::from),
        },
        kind: RegistrationKind::Registered,
        redirect_uri: Some(redirect.to_owned()),
        auth_method,
    })
}

/// A public client if supported, else the server's first method.
fn wanted_method(server: &ServerMetadata) -> AuthMethod {
    let Some(methods) = &server.auth_methods else {
        return AuthMethod::None;
    };
    [AuthMethod::None, AuthMethod::Basic, AuthMethod::Post]
        .into_iter()
        .find(|method| methods.iter().any(|each| each == method.as_str()))
        .unwrap_or(AuthMethod::None)
}

/// Printable ASCII (RFC 6749, appendices A.1 and A.2).
fn is_client_text(text: &str) -> bool {
    (1..=2048).contains(&text.len()) && text.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
}

const REGISTRATION_CAP: usize = 64 * 1024;
