//! A provider with everything that a call needs.

use std::sync::Arc;
use std::time::Duration;

use synapse_core::chat::{ChatReply, ChatRequest};
use synapse_core::connection::{Connection, Draft};
use synapse_core::gate::{NetworkGate, NetworkPermit};
use synapse_core::ports::ProviderFactory;
use synapse_core::provider::{Exchanged, Provider};
use synapse_core::secret::BoundSecret;
use synapse_providers::Providers;

/// A provider with everything that a call needs.
pub(crate) struct Bench {
    pub(crate) connection: Connection,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) permit: NetworkPermit,
    pub(crate) secret: BoundSecret,
}

impl Bench {
    pub(crate) fn new(draft: &Draft, token: &str) -> Self {
        let mut connection = draft.parse("bench".parse().unwrap()).unwrap();
        connection.timeout = Duration::from_secs(20);
        let provider = Providers::new("synapse-test")
            .provider(&connection)
            .unwrap();
        let permit = NetworkGate::Open.permit(provider.origins()).unwrap();
        let secret = BoundSecret::new(token.into(), provider.origins());
        Self {
            connection,
            provider,
            permit,
            secret,
        }
    }

    pub(crate) async fn chat(&self, request: &ChatRequest) -> Exchanged<ChatReply> {
        self.provider
            .chat(&self.permit, Some(&self.secret), request)
            .await
    }

    pub(crate) async fn prompt(&self, prompt: &str) -> Exchanged<ChatReply> {
        self.chat(&ChatRequest::prompt(self.connection.model.clone(), prompt))
            .await
    }
}

pub(crate) fn draft(provider: &str, model: &str, base_url: &str) -> Draft {
    Draft {
        provider: provider.into(),
        model: model.into(),
        base_url: Some(base_url.into()),
        credential: Some("env:TOKEN".into()),
        gate: NetworkGate::Open,
        ..Draft::default()
    }
}
