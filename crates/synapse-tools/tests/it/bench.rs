//! The tools over doubles, and one call of them.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use serde_json::Value;
use synapse_core::call::CallId;
use synapse_core::chat::{ChatReply, FinishReason};
use synapse_core::engine::{Engine, Ports};
use synapse_core::gate::NetworkGate;
use synapse_core::ledger::{Closing, Opening, Purged, Repaired, Reservation};
use synapse_core::limits::LimitDecision;
use synapse_core::ports::{Ledger, ProviderFactory, Written};
use synapse_core::time::Timestamp;
use synapse_core::{Draft, Failure, Origin};
use synapse_mcp::{Caller, JsonObject, ProtocolRevision, ToolCall, ToolHost};
use synapse_testkit::ports::{
    FixedClock, FixedSecret, MemoryConnections, MemoryLedger, MemoryPrices, NamedRemedies,
    SequentialCallIds, StubProvider, StubProviders,
};
use synapse_tools::ProductTools;

/// Tools over two connections: `open`, and `closed` with network access off.
pub(crate) struct Bench {
    pub(crate) tools: ProductTools,
    pub(crate) engine: Engine,
    pub(crate) provider: Arc<StubProvider>,
    pub(crate) ledger: Arc<MemoryLedger>,
}

pub(crate) fn bench() -> Bench {
    let url = url::Url::parse("https://api.openai.com/v1").unwrap();
    let provider = Arc::new(StubProvider::new(vec![Origin::of(&url)]));
    let providers = Arc::new(StubProviders::new(Arc::clone(&provider)));
    over(provider, providers, two())
}

/// The same with so many connections that no read may hold up this thread.
pub(crate) fn crowded() -> Bench {
    let url = url::Url::parse("https://api.openai.com/v1").unwrap();
    let provider = Arc::new(StubProvider::new(vec![Origin::of(&url)]));
    let providers = Arc::new(StubProviders::new(Arc::clone(&provider)));
    over(provider, providers, two().large())
}

/// The same over other providers.
pub(crate) fn bench_with(providers: Arc<dyn ProviderFactory>) -> Bench {
    over(Arc::new(StubProvider::new(Vec::new())), providers, two())
}

fn two() -> MemoryConnections {
    MemoryConnections::new()
        .with("open", draft(NetworkGate::Open))
        .with("closed", draft(NetworkGate::Closed))
}

fn over(
    provider: Arc<StubProvider>,
    providers: Arc<dyn ProviderFactory>,
    connections: MemoryConnections,
) -> Bench {
    let ledger = Arc::new(MemoryLedger::new());
    let writer = Arc::new(Lazy {
        ledger: ledger.clone(),
        closings: Mutex::default(),
    });
    let engine = Engine::new(Ports {
        connections: Arc::new(connections),
        providers,
        secrets: Arc::new(FixedSecret::new("fake-token")),
        ledger: writer,
        reader: ledger.clone(),
        prices: Arc::new(MemoryPrices::new()),
        clock: Arc::new(FixedClock::default()),
        call_ids: Arc::new(SequentialCallIds::new()),
        observers: synapse_core::ports::CallObservers::default(),
    });
    Bench {
        tools: ProductTools::new(engine.clone(), Arc::new(NamedRemedies)),
        engine,
        provider,
        ledger,
    }
}

/// Completes rows only on flush, like an asynchronous writer.
#[derive(Debug)]
struct Lazy {
    ledger: Arc<MemoryLedger>,
    closings: Mutex<Vec<Closing>>,
}

#[async_trait]
impl Ledger for Lazy {
    fn open(&self, opening: Opening) -> Written {
        self.ledger.open(opening)
    }

    async fn reserve(&self, reservation: Reservation) -> Result<LimitDecision, Failure> {
        self.ledger.reserve(reservation).await
    }

    fn sending(&self, call_id: CallId, bytes_out: u64) -> Written {
        self.ledger.sending(call_id, bytes_out)
    }

    fn close(&self, closing: Closing) {
        self.closings.lock().unwrap().push(closing);
    }

    fn complete(&self, closing: Closing) -> Written {
        self.close(closing);
        Box::pin(std::future::ready(Ok(())))
    }

    async fn repair(&self) -> Result<Repaired, Failure> {
        self.ledger.repair().await
    }

    async fn flush(&self) -> Result<(), Failure> {
        for closing in self.closings.lock().unwrap().drain(..) {
            self.ledger.close(closing);
        }
        Ok(())
    }

    async fn purge(&self, before: Timestamp) -> Result<Purged, Failure> {
        self.ledger.purge(before).await
    }
}

fn draft(gate: NetworkGate) -> Draft {
    Draft {
        provider: "openai".into(),
        model: "m".into(),
        credential: Some("file:/run/secrets/key".into()),
        gate,
        ..Draft::default()
    }
}

pub(crate) fn reply(content: &str) -> ChatReply {
    ChatReply {
        content: Some(content.into()),
        finish_reason: Some(FinishReason::new("stop")),
        ..ChatReply::default()
    }
}

/// Calls a tool and returns the result object as on the wire.
pub(crate) async fn call(tools: &ProductTools, name: &str, arguments: Value) -> JsonObject {
    let arguments = arguments.as_object().unwrap().clone();
    let caller = Caller::new(ProtocolRevision::V2025_11_25);
    let result = tools
        .call_tool(ToolCall::new(name, arguments, caller))
        .await;
    result.unwrap().into_object()
}

/// The code of a failed result; panics for a successful one.
pub(crate) fn code(result: &JsonObject) -> &str {
    assert_eq!(result["isError"], true);
    let document = &result["structuredContent"];
    assert_eq!(
        (&document["schema"], &document["ok"]),
        (&"synapse.error/1".into(), &false.into())
    );
    let code = document["error"]["code"].as_str().unwrap();
    let text = result["content"][0]["text"].as_str().unwrap();
    assert!(text.contains(code), "the text names the code too: {text}");
    code
}
