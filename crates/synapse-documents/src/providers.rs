//! The document of supported providers.

use serde::Serialize;
use synapse_core::provider::{Authorization, ProviderKind, TokenNeed};

/// `synapse.providers/1`: static facts about providers.
#[derive(Debug, Clone, Serialize)]
pub struct ProvidersDocument {
    schema: &'static str,
    ok: bool,
    providers: Vec<ProviderView>,
}

/// A provider.
#[derive(Debug, Clone, Serialize)]
pub struct ProviderView {
    name: &'static str,
    title: &'static str,
    wire: &'static str,
    /// `null` if it differs per user.
    base_url: Option<&'static str>,
    base_url_example: &'static str,
    timeout_seconds: u64,
    token_required: bool,
    token_prefixes: &'static [&'static str],
    token_page: &'static str,
    /// The token's header; `authorization` uses the `Bearer` scheme.
    token_header: &'static str,
    token_cap_field: &'static str,
    /// The command that starts the server, if it runs locally.
    start: Option<&'static str>,
    documentation: &'static str,
    differences: &'static [&'static str],
}

impl ProvidersDocument {
    /// The document of these kinds.
    #[must_use]
    pub fn new(kinds: &[ProviderKind]) -> Self {
        Self {
            schema: "synapse.providers/1",
            ok: true,
            providers: kinds.iter().map(|kind| ProviderView::from(*kind)).collect(),
        }
    }
}

impl From<ProviderKind> for ProviderView {
    fn from(kind: ProviderKind) -> Self {
        let profile = kind.profile();
        Self {
            name: profile.name,
            title: profile.title,
            wire: profile.wire.as_str(),
            base_url: profile.base_url,
            base_url_example: profile.base_url_example,
            timeout_seconds: profile.timeout.as_secs(),
            token_required: profile.token == TokenNeed::Required,
            token_prefixes: profile.token_prefixes,
            token_page: profile.token_page,
            token_header: match profile.authorization {
                Authorization::Bearer => "authorization",
                Authorization::Header(name) => name,
            },
            token_cap_field: profile.token_cap.as_str(),
            start: profile.start,
            documentation: profile.documentation,
            differences: profile.differences,
        }
    }
}
