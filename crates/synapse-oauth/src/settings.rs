//! The settings of a login.

use secrecy::SecretString;
use synapse_core::upstream::{PkcePolicy, ResourcePolicy};

/// The `oauth` object of an entry, with variables and references resolved.
#[derive(Debug, Clone, Default)]
pub struct LoginSettings {
    /// The client's id.
    pub client_id: Option<String>,
    /// The client's secret.
    pub client_secret: Option<SecretString>,
    /// The redirect URI, used verbatim.
    pub redirect_uri: Option<String>,
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

impl LoginSettings {
    /// Returns the source of the issuer.
    pub(crate) const fn issuer_of(&self) -> IssuerOf {
        match (&self.issuer, &self.server_metadata_url) {
            (None, None) => IssuerOf::Server,
            _ => IssuerOf::Entry,
        }
    }
}

/// The source of the issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IssuerOf {
    /// The entry, in `oauth`.
    Entry,
    /// The MCP server.
    Server,
}

/// Whether a client may be registered for this login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Registering {
    /// Asked for.
    Allowed,
    /// Not asked for.
    #[default]
    Refused,
}
