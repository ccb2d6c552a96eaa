//! A caller dropped while the provider is silent.

use std::sync::Arc;

use async_trait::async_trait;
use synapse_core::chat::{ChatReply, ChatRequest};
use synapse_core::engine::Engine;
use synapse_core::error::Failure;
use synapse_core::ledger::Outcome;
use synapse_core::ports::ProviderFactory;
use synapse_core::preflight::{Probe, ProbeResult};
use synapse_core::provider::models::{Listed, ModelList};
use synapse_core::provider::{Access, Exchanged, OutgoingRequest, Provider};
use synapse_core::{Connection, ModelId, Origin};
use synapse_testkit::ports::StubProvider;

use crate::bench::{ask, bench};

/// A provider that never answers.
#[derive(Debug)]
struct Silent(StubProvider, Reached);

/// The progress of its requests.
#[derive(Debug, Clone, Copy)]
enum Reached {
    /// No connection opens.
    Nothing,
    /// The connection is open and the body is written.
    Connection,
}

#[async_trait]
impl Provider for Silent {
    fn origins(&self) -> Vec<Origin> {
        self.0.origins()
    }

    fn outgoing(&self, request: &ChatRequest) -> Result<OutgoingRequest, Failure> {
        self.0.outgoing(request)
    }

    async fn chat(&self, access: Access<'_>, _request: &Arc<ChatRequest>) -> Exchanged<ChatReply> {
        access.permit().departing(BODY).await.unwrap();
        if let (Some(departure), Reached::Connection) = (access.permit().departure(), self.1) {
            departure.departed();
        }
        std::future::pending().await
    }

    fn model_list(&self) -> ModelList {
        self.0.model_list()
    }

    async fn list_models(&self, _access: Access<'_>) -> Exchanged<Listed> {
        std::future::pending().await
    }

    fn probes(&self) -> &'static [Probe] {
        &[]
    }

    async fn probe(
        &self,
        probe: &Probe,
        access: Access<'_>,
        model: &ModelId,
    ) -> Exchanged<ProbeResult> {
        self.0.probe(probe, access, model).await
    }
}

impl ProviderFactory for Silent {
    fn provider(&self, connection: &Connection) -> Result<Arc<dyn Provider>, Failure> {
        let stub = StubProvider::new(vec![connection.base_url.origin()]);
        Ok(Arc::new(Self(stub, self.1)))
    }
}

#[tokio::test]
async fn a_caller_that_walks_away_leaves_a_cancelled_row_with_the_bytes_that_went() {
    for (reached, bytes, billed) in [
        (Reached::Nothing, 0, false),
        (Reached::Connection, BODY, true),
    ] {
        let bench = bench();
        let mut ports = bench.engine.ports().clone();
        ports.providers = Arc::new(Silent(StubProvider::new(Vec::new()), reached));
        let engine = Engine::new(ports);
        let row = || {
            let rows = bench.ledger.entries();
            assert_eq!(rows.len(), 1);
            let exchange = &rows[0].receipt.exchange;
            let facts = (exchange.attempts, exchange.maybe_billed, exchange.bytes_out);
            (rows[0].outcome, facts)
        };
        {
            let mut call = Box::pin(engine.chat(ask("open")));
            // Polls until it waits for the answer, then drops it.
            assert!(poll_once(call.as_mut()).await.is_none());
            // The row as found after a crash: nothing else happened.
            assert_eq!(row(), (Outcome::Open, (1, true, BODY)));
        }
        assert_eq!(row(), (Outcome::Cancelled, (1, billed, bytes)));
    }
}

const BODY: u64 = 77;

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
