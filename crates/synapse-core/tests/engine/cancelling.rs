//! A caller that walks away while the provider is silent.

use std::sync::Arc;

use async_trait::async_trait;
use synapse_core::chat::{ChatReply, ChatRequest};
use synapse_core::engine::Engine;
use synapse_core::error::Failure;
use synapse_core::gate::NetworkPermit;
use synapse_core::ledger::Outcome;
use synapse_core::models::{Listed, ModelList};
use synapse_core::ports::ProviderFactory;
use synapse_core::preflight::{Climbed, Rung};
use synapse_core::provider::{Exchanged, Provider};
use synapse_core::secret::BoundSecret;
use synapse_core::{Connection, ModelId, Origin};
use synapse_testkit::ports::StubProvider;

use crate::bench::{ask, bench};

/// A provider that never answers.
#[derive(Debug)]
struct Silent(StubProvider);

#[async_trait]
impl Provider for Silent {
    fn origins(&self) -> Vec<Origin> {
        self.0.origins()
    }

    async fn chat(
        &self,
        _permit: &NetworkPermit,
        _secret: Option<&BoundSecret>,
        _request: &ChatRequest,
    ) -> Exchanged<ChatReply> {
        std::future::pending().await
    }

    fn model_list(&self) -> ModelList {
        self.0.model_list()
    }

    async fn list_models(
        &self,
        _permit: &NetworkPermit,
        _secret: Option<&BoundSecret>,
    ) -> Exchanged<Listed> {
        std::future::pending().await
    }

    fn rungs(&self) -> &'static [Rung] {
        &[]
    }

    async fn climb(
        &self,
        rung: &Rung,
        permit: &NetworkPermit,
        secret: Option<&BoundSecret>,
        model: &ModelId,
    ) -> Exchanged<Climbed> {
        self.0.climb(rung, permit, secret, model).await
    }
}

impl ProviderFactory for Silent {
    fn provider(&self, connection: &Connection) -> Result<Arc<dyn Provider>, Failure> {
        Ok(Arc::new(Self(StubProvider::new(vec![
            connection.base_url.origin(),
        ]))))
    }
}

#[tokio::test]
async fn a_caller_that_walks_away_leaves_a_cancelled_row() {
    let bench = bench();
    let mut ports = bench.engine.ports().clone();
    ports.providers = Arc::new(Silent(StubProvider::new(Vec::new())));
    let engine = Engine::new(ports);
    {
        let mut call = Box::pin(engine.chat(ask("open")));
        // Poll until it waits for the answer that never comes, then drop it.
        assert!(poll_once(call.as_mut()).await.is_none());
        assert_eq!(
            bench.ledger.entries()[0].outcome,
            Outcome::Open,
            "the row is there before"
        );
    }
    let rows = bench.ledger.entries();
    assert_eq!((rows.len(), rows[0].outcome), (1, Outcome::Cancelled));
    assert_eq!(
        (
            rows[0].receipt.exchange.attempts,
            rows[0].receipt.exchange.maybe_billed
        ),
        (1, true)
    );
}

pub(crate) async fn poll_once<T>(
    mut future: std::pin::Pin<&mut impl Future<Output = T>>,
) -> Option<T> {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match future.as_mut().poll(context) {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        })
    })
    .await
}
