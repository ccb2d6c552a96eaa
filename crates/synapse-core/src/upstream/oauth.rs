//! OAuth for an upstream: its settings, the client that is used, and what a login leaves.

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
    /// The client's secret: references and variables only.
    pub client_secret: Option<Template>,
    /// The redirect URI, used byte for byte.
    pub redirect_uri: Option<Template>,
    /// The port of the callback when no redirect URI is given.
    pub callback_port: Option<u16>,
    /// The scopes to ask for.
    pub scopes: Option<Vec<String>>,
    /// The issuer to expect.
    pub issuer: Option<String>,
    /// What to send as `resource`.
    pub resource: ResourcePolicy,
    /// The URL of the client's own metadata document.
    pub client_metadata_url: Option<String>,
    /// The URL of the authorization server's metadata, in place of discovery.
    pub server_metadata_url: Option<String>,
    /// What to do with a server that does not advertise S256.
    pub pkce: PkcePolicy,
}

/// What is sent as `resource` (RFC 8707).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ResourcePolicy {
    /// The value of the server's metadata.
    #[default]
    Discovered,
    /// This URI.
    Fixed(String),
    /// Nothing, for authorization servers that refuse it.
    Omitted,
}

/// Whether PKCE's S256 has to be advertised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PkcePolicy {
    /// A server that does not advertise S256 is refused.
    #[default]
    Required,
    /// S256 is used although the server does not advertise it.
    Unadvertised,
}

/// A client as the authorization server knows it.
#[derive(Debug, Clone)]
pub struct OAuthClient {
    /// Its id.
    pub id: String,
    /// Its secret; a public client has none.
    pub secret: Option<SecretString>,
    /// How it came to be.
    pub kind: RegistrationKind,
    /// The redirect URI that it was registered or configured with.
    pub redirect_uri: Option<String>,
    /// How it authenticates at the token endpoint.
    pub auth_method: AuthMethod,
}

/// How a client authenticates at the token endpoint (OpenID Connect Core 1.0, section 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMethod {
    /// It is public: its id alone.
    None,
    /// Its secret, in the `authorization` header.
    Basic,
    /// Its secret, in the body.
    Post,
}

impl AuthMethod {
    /// The word of the protocol, also in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
        }
    }

    /// The method that the protocol calls `word`.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        [Self::None, Self::Basic, Self::Post]
            .into_iter()
            .find(|method| method.as_str() == word)
    }
}

/// How a client came to be known to the authorization server.
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
    /// The word that files, output and the ledger use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::MetadataDocument => "metadata-document",
            Self::Registered => "registered",
        }
    }

    /// The kind that files call `word`.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        [Self::Configured, Self::MetadataDocument, Self::Registered]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// What a record of tokens is kept under: two accounts of one URL stay apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordKey {
    /// Which configuration file: a digest of its canonical path, or `home`.
    pub config: String,
    /// The server's name.
    pub server: UpstreamName,
    /// The server's URL.
    pub url: Url,
    /// The issuer.
    pub issuer: String,
}

/// What a login leaves, and each refresh replaces. `Debug` shows no value.
#[derive(Debug, Clone)]
pub struct TokenRecord {
    /// Counts logins, refreshes and logouts of this key; never goes back.
    pub generation: u64,
    /// What it can be used for.
    pub state: TokenState,
    /// The client that got it.
    pub client: OAuthClient,
    /// The authorization server's token endpoint, as confirmed at login.
    pub token_endpoint: Url,
    /// What was sent as `resource`.
    pub resource: Option<String>,
    /// The token for the server; `None` after a logout that kept the client.
    pub access: Option<SecretString>,
    /// The token for the token endpoint.
    pub refresh: Option<SecretString>,
    /// The scopes that were granted.
    pub scopes: Vec<String>,
    /// When the access token expires, as far as the server said.
    pub expires_at: Option<Timestamp>,
    /// When it was got.
    pub obtained_at: Timestamp,
}

/// What a [`TokenRecord`] can be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenState {
    /// The access token may be used.
    Usable,
    /// The server refused the access token; the next call refreshes first.
    Refused,
    /// The access token was refreshed after a refusal: another one soon after means a login.
    Renewed,
    /// A refresh began and has not ended; its process may be gone.
    Refreshing,
    /// A refresh whose process had gone was begun once more, and has not ended.
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

    /// The word that files and output use.
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

    /// The state that files call `word`.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// What is recorded of a login, a refresh or a logout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthEvent {
    /// What was done.
    pub action: OAuthAction,
    /// The server.
    pub server: UpstreamName,
    /// The issuer, as far as it was known.
    pub issuer: Option<String>,
    /// How the client came to be known, as far as one was used.
    pub client: Option<RegistrationKind>,
    /// The scopes that were granted.
    pub scopes: Vec<String>,
    /// The generation of the record afterwards.
    pub generation: Option<u64>,
    /// The code of the failure; `None` when it succeeded.
    pub code: Option<Code>,
    /// How many requests were sent.
    pub requests: u32,
    /// When it ended.
    pub at: Timestamp,
}

/// What an [`OAuthEvent`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OAuthAction {
    /// `hub login`.
    Login,
    /// A refresh for a request of the user.
    Refresh,
    /// `hub logout`.
    Logout,
}

impl OAuthAction {
    /// The word that output and the ledger use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Refresh => "refresh",
            Self::Logout => "logout",
        }
    }
}
