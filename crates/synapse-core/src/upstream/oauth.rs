//! OAuth for an upstream: settings, client, and login records.

use secrecy::SecretString;
use url::Url;

use super::{Template, UpstreamName};
use crate::error::Code;
use crate::time::Timestamp;

/// The `oauth` object of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OAuthSettings {
    /// The client's id.
    pub client_id: Option<Template>,
    /// The client secret: references and variables only.
    pub client_secret: Option<Template>,
    /// The redirect URI, used verbatim.
    pub redirect_uri: Option<Template>,
    /// The callback port if no redirect URI is given.
    pub callback_port: Option<u16>,
    /// The requested scopes.
    pub scopes: Option<Vec<String>>,
    /// The expected issuer.
    pub issuer: Option<String>,
    /// The `resource` parameter.
    pub resource: ResourcePolicy,
    /// The URL of the client's own metadata document.
    pub client_metadata_url: Option<String>,
    /// The URL of the authorization server's metadata, instead of discovery.
    pub server_metadata_url: Option<String>,
    /// Policy for a server that does not advertise S256.
    pub pkce: PkcePolicy,
}

/// The `resource` parameter (RFC 8707).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ResourcePolicy {
    /// The value of the server's metadata.
    #[default]
    Discovered,
    /// This URI.
    Fixed(String),
    /// Omitted, for authorization servers that reject it.
    Omitted,
}

/// Whether S256 must be advertised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PkcePolicy {
    /// Refuses a server that does not advertise S256.
    #[default]
    Required,
    /// Uses S256 even if it is not advertised.
    Unadvertised,
}

/// A registered client.
#[derive(Debug, Clone)]
pub struct OAuthClient {
    /// Its id.
    pub id: String,
    /// Its secret; none for a public client.
    pub secret: Option<SecretString>,
    /// Its origin.
    pub kind: RegistrationKind,
    /// Its registered or configured redirect URI.
    pub redirect_uri: Option<String>,
    /// Its authentication at the token endpoint.
    pub auth_method: AuthMethod,
}

/// Client authentication at the token endpoint (OpenID Connect Core 1.0, section 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMethod {
    /// Public: id only.
    None,
    /// Its secret, in the `authorization` header.
    Basic,
    /// Its secret, in the body.
    Post,
}

impl AuthMethod {
    /// Its name in the protocol and in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
        }
    }

    /// Parses a method.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        [Self::None, Self::Basic, Self::Post]
            .into_iter()
            .find(|method| method.as_str() == word)
    }
}

/// The origin of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationKind {
    /// Configured by its owner.
    Configured,
    /// Its id is the URL of a metadata document.
    MetadataDocument,
    /// Registered dynamically, by `hub login --register`.
    Registered,
}

impl RegistrationKind {
    /// Its name in files, output and the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::MetadataDocument => "metadata-document",
            Self::Registered => "registered",
        }
    }

    /// Parses a kind.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        [Self::Configured, Self::MetadataDocument, Self::Registered]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// The key of a token record: different accounts of one URL stay separate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordKey {
    /// The configuration file: a digest of its canonical path, or `home`.
    pub config: String,
    /// The server's name.
    pub server: UpstreamName,
    /// The server's URL.
    pub url: Url,
    /// The issuer.
    pub issuer: String,
}

/// The result of a login, updated by each refresh. `Debug` shows no value.
#[derive(Debug, Clone)]
pub struct TokenRecord {
    /// Counts logins, refreshes and logouts of this key; never decreases.
    pub generation: u64,
    /// Its state.
    pub state: TokenState,
    /// Its client.
    pub client: OAuthClient,
    /// The token endpoint confirmed at login.
    pub token_endpoint: Url,
    /// The `resource` parameter.
    pub resource: Option<String>,
    /// The access token; `None` after a logout that kept the client.
    pub access: Option<SecretString>,
    /// The refresh token.
    pub refresh: Option<SecretString>,
    /// The granted scopes.
    pub scopes: Vec<String>,
    /// Expiry of the access token, if stated.
    pub expires_at: Option<Timestamp>,
    /// Time of issue.
    pub obtained_at: Timestamp,
}

/// The state of a [`TokenRecord`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenState {
    /// The access token may be used.
    Usable,
    /// The server rejected the access token; the next call refreshes first.
    Refused,
    /// Refreshed after a rejection: another one soon after requires a login.
    Renewed,
    /// A refresh is in progress; its process may be dead.
    Refreshing,
    /// A dead process's refresh is being repeated.
    Retrying,
    /// Only a new login helps; the registration is kept.
    Expired,
}

impl TokenState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Usable,
        Self::Refused,
        Self::Renewed,
        Self::Refreshing,
        Self::Retrying,
        Self::Expired,
    ];

    /// Its name in files and output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Usable => "usable",
            Self::Refused => "refused",
            Self::Renewed => "renewed",
            Self::Refreshing => "refreshing",
            Self::Retrying => "retrying",
            Self::Expired => "expired",
        }
    }

    /// Parses a state.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// The record of a login, a refresh or a logout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthEvent {
    /// The action.
    pub action: OAuthAction,
    /// The server.
    pub server: UpstreamName,
    /// The issuer, if known.
    pub issuer: Option<String>,
    /// The origin of the client, if one was used.
    pub client: Option<RegistrationKind>,
    /// The granted scopes.
    pub scopes: Vec<String>,
    /// The resulting generation of the record.
    pub generation: Option<u64>,
    /// The code of a failure; `None` on success.
    pub code: Option<Code>,
    /// Number of requests sent.
    pub requests: u32,
    /// End time.
    pub at: Timestamp,
}

/// The action of an [`OAuthEvent`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OAuthAction {
    /// `hub login`.
    Login,
    /// A refresh for a user's request.
    Refresh,
    /// `hub logout`.
    Logout,
}

impl OAuthAction {
    /// Its name in output and the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Refresh => "refresh",
            Self::Logout => "logout",
        }
    }
}
