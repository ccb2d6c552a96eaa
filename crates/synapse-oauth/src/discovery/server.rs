//! Authorization server metadata (RFC 8414, OpenID Connect Discovery 1.0).

use serde_json::{Map, Value};
use synapse_core::upstream::{AuthMethod, PkcePolicy};
use synapse_core::{Code, Failure, NetworkPermit, Origin};
use url::Url;

use super::{Trail, document, with_inserted};
use crate::address::{named_by, shown};
use crate::json;
use crate::wire::Wire;

/// The used parts of an authorization server's metadata. Every endpoint is validated: https, or
/// local if the server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerMetadata {
    /// The issuer, verbatim.
    pub issuer: String,
    /// Start of the browser flow.
    pub authorization_endpoint: Option<Url>,
    /// Token endpoint.
    pub token_endpoint: Url,
    /// Client registration (RFC 7591).
    pub registration_endpoint: Option<Url>,
    /// Device authorization (RFC 8628).
    pub device_endpoint: Option<Url>,
    /// Client authentication methods; `None` if unspecified.
    pub auth_methods: Option<Vec<String>>,
    /// Whether PKCE with S256 is advertised.
    pub s256: bool,
    /// Whether a metadata document URL is accepted as client id.
    pub metadata_documents: bool,
    /// Whether responses carry `iss` (RFC 9207).
    pub iss_parameter: bool,
    /// Supported scopes.
    pub scopes: Vec<String>,
    /// Supported grants; `None` if unspecified.
    pub grants: Option<Vec<String>>,
}

impl ServerMetadata {
    /// Every origin to contact, without duplicates, the token endpoint's first.
    #[must_use]
    pub fn origins(&self) -> Vec<Origin> {
        let endpoints = [
            Some(&self.token_endpoint),
            self.authorization_endpoint.as_ref(),
            self.registration_endpoint.as_ref(),
            self.device_endpoint.as_ref(),
        ];
        let mut origins: Vec<Origin> = Vec::new();
        for origin in endpoints.into_iter().flatten().map(Origin::of) {
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        origins
    }

    /// The authentication method for a client with or without a secret.
    pub(crate) fn method(&self, has_secret: Secret) -> AuthMethod {
        let takes = |method: AuthMethod| {
            let methods = self.auth_methods.as_ref();
            methods.is_some_and(|all| all.iter().any(|each| each == method.as_str()))
        };
        match has_secret {
            Secret::Absent => AuthMethod::None,
            // Without a list, Basic is the default (RFC 8414, section 2).
            Secret::Present if takes(AuthMethod::Post) && !takes(AuthMethod::Basic) => {
                AuthMethod::Post
            }
            Secret::Present => AuthMethod::Basic,
        }
    }

    /// Requires PKCE with S256.
    ///
    /// # Errors
    /// `oauth.pkce-unsupported`.
    pub(crate) fn demand_s256(&self, policy: PkcePolicy) -> Result<(), Failure> {
        if self.s256 || policy == PkcePolicy::Unadvertised {
            return Ok(());
        }
        Err(Failure::new(
            Code::OauthPkceUnsupported,
            "the authorization server does not advertise PKCE with S256",
        )
        .cause(format!(
            "{} has no S256 in its metadata",
            shown(&self.issuer)
        ))
        .hint(
            "if its operator confirms that S256 works, set `\"pkce\": \"unadvertised\"` in the \
             entry's `oauth`",
        ))
    }
}

/// Whether a client has a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secret {
    Present,
    Absent,
}

/// Finds the metadata of `issuer`, named by `server`: RFC 8414 first, then OpenID Connect with its
/// path inserted and appended.
///
/// # Errors
/// `oauth.issuer-mismatch` if the document names another issuer; `oauth.discovery-failed`, with
/// each requested URL, if there is no usable document.
pub(crate) async fn authorization_server(
    wire: &Wire,
    permit: &NetworkPermit,
    issuer: &str,
    server: &Url,
    trail: &mut Trail,
) -> Result<ServerMetadata, Failure> {
    let url = issuer_url(issuer, server, trail)?;
    let mut places = vec![with_inserted(&url, OAUTH), with_inserted(&url, OPENID)];
    if url.path() != "/" {
        let mut appended = url.clone();
        appended.set_path(&format!("{}{OPENID}", url.path().trim_end_matches('/')));
        places.push(appended);
    }
    for place in places {
        if let Some(object) = document(wire, permit, &place, trail).await {
            return metadata(&object, &place, Some(issuer), server, trail);
        }
    }
    Err(trail.failure("the authorization server has no metadata"))
}

/// Reads the configured document at `place` instead of discovery.
///
/// # Errors
/// Same as [`authorization_server`].
pub(crate) async fn named_document(
    wire: &Wire,
    permit: &NetworkPermit,
    place: &Url,
    issuer: Option<&str>,
    server: &Url,
    trail: &mut Trail,
) -> Result<ServerMetadata, Failure> {
    match document(wire, permit, place, trail).await {
        Some(object) => metadata(&object, place, issuer, server, trail),
        None => Err(trail.failure("the metadata that the entry names could not be read")),
    }
}

/// The URL of an issuer: like an endpoint, without a query (RFC 8414, section 2).
fn issuer_url(issuer: &str, server: &Url, trail: &Trail) -> Result<Url, Failure> {
    let refused = |why: String| {
        trail
            .failure("the issuer that the server names cannot be used")
            .cause(format!("the issuer is {}", shown(issuer)))
            .cause(why)
            .cause("it was not contacted")
    };
    let url = named_by(issuer, server).map_err(|why| refused(why.to_string()))?;
    if url.query().is_some() {
        return Err(refused("an issuer has no query".to_owned()));
    }
    Ok(url)
}

/// Parses the document at `place` if it is from the expected issuer.
pub(crate) fn metadata(
    object: &Map<String, Value>,
    place: &Url,
    expected: Option<&str>,
    server: &Url,
    trail: &Trail,
) -> Result<ServerMetadata, Failure> {
    let stated = json::text(object, "issuer");
    let issuer = match (stated, expected) {
        (Some(stated), Some(expected)) if stated == expected => stated,
        (Some(stated), None) => stated,
        _ => return Err(other_issuer(place, stated, expected)),
    };
    let broken = |name: &str, why: String| {
        trail
            .failure("the metadata of the authorization server cannot be used")
            .cause(format!("its {name} is refused: {why}"))
    };
    let endpoint = |name: &str| match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => named_by(text, server)
            .map(Some)
            .map_err(|why| broken(name, format!("{}: {why}", shown(text)))),
        Some(_) => Err(broken(name, "it is not text".to_owned())),
    };
    let has = |name: &str, wanted: &str| {
        json::texts(object, name).is_some_and(|all| all.iter().any(|each| each == wanted))
    };
    let states = |name: &str| object.get(name) == Some(&Value::Bool(true));
    let token_endpoint = endpoint("token_endpoint")?
        .ok_or_else(|| broken("token_endpoint", "there is none".to_owned()))?;
    Ok(ServerMetadata {
        issuer: issuer.to_owned(),
        authorization_endpoint: endpoint("authorization_endpoint")?,
        token_endpoint,
        registration_endpoint: endpoint("registration_endpoint")?,
        device_endpoint: endpoint("device_authorization_endpoint")?,
        auth_methods: json::texts(object, "token_endpoint_auth_methods_supported"),
        s256: has("code_challenge_methods_supported", "S256"),
        metadata_documents: states("client_id_metadata_document_supported"),
        iss_parameter: states("authorization_response_iss_parameter_supported"),
        scopes: json::texts(object, "scopes_supported").unwrap_or_default(),
        grants: json::texts(object, "grant_types_supported"),
    })
}

fn other_issuer(place: &Url, stated: Option<&str>, expected: Option<&str>) -> Failure {
    let stated = match stated {
        Some(stated) => format!("the issuer {}", shown(stated)),
        None => "no issuer".to_owned(),
    };
    let failure = Failure::new(
        Code::OauthIssuerMismatch,
        "the metadata of the authorization server names another issuer",
    )
    .cause(format!("{} has {stated}", shown(place.as_str())));
    let failure = match expected {
        Some(expected) => failure.cause(format!("{} was asked", shown(expected))),
        None => failure,
    };
    failure.hint("do not log in; check the URL of the entry and ask the server's operator")
}

const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";
