//! OAuth for an upstream: its settings, the client that is used, and what a login leaves.

use secrecy::SecretString;
use url::Url;

use super::{Template, UpstreamName};
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
    /// How it authenticates at the token endpoint: `none`, `client_secret_basic`, `client_secret_post`.
    pub auth_method: String,
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
    /// A refresh began and has not ended; its process may be gone.
    Refreshing,
    /// Only a new login helps; the registration is kept.
    Expired,
}
