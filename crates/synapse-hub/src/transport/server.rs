//! The streamable HTTP server of a conversation: its address, headers and limits.

use std::sync::Arc;
use std::time::Duration;

use synapse_core::NetworkPermit;
use synapse_core::secret::BoundSecret;
use synapse_http::HttpClient;
use synapse_mcp::client::{Caps, ClientIntroduction};
use url::Url;

use super::BearerSource;

/// A streamable HTTP server.
#[derive(Debug)]
pub struct HttpServer {
    /// Sends the requests.
    pub client: HttpClient,
    /// The permit from the upstream's approval.
    pub permit: Arc<NetworkPermit>,
    /// The URL of the server.
    pub url: Url,
    /// Plain headers as name and value.
    pub headers: Vec<(String, String)>,
    /// Headers with a secret value.
    pub secret_headers: Vec<(String, Arc<BoundSecret>)>,
    /// Provides the bearer token of each request; unused if an `authorization` header is
    /// configured.
    pub credentials: Option<Arc<dyn BearerSource>>,
    /// The client info and eras.
    pub introduction: ClientIntroduction,
    /// Limits of a message.
    pub caps: Caps,
    /// Maximum time to open.
    pub start: Duration,
}

impl HttpServer {
    pub(super) fn has_authorization(&self) -> bool {
        let secret = self.secret_headers.iter().map(|(name, _)| name);
        let mut names = self.headers.iter().map(|(name, _)| name).chain(secret);
        names.any(|name| name.eq_ignore_ascii_case("authorization"))
    }
}
