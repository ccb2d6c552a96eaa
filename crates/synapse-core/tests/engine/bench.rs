//! The use cases over in-memory ports, with requests to them.

use std::sync::Arc;

use synapse_core::chat::{ChatReply, Message, Role, Usage};
use synapse_core::engine::{ChatCall, Engine, Ports};
use synapse_core::gate::NetworkGate;
use synapse_core::ports::CallObserver;
use synapse_core::{Draft, Origin};
use synapse_testkit::ports::{
    FixedClock, FixedSecret, HeardCalls, MemoryConnections, MemoryLedger, MemoryPrices,
    SequentialCallIds, StubProvider, StubProviders,
};

/// An engine with its doubles.
pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) ledger: Arc<MemoryLedger>,
    pub(crate) secrets: Arc<FixedSecret>,
    pub(crate) provider: Arc<StubProvider>,
    pub(crate) heard: Arc<HeardCalls>,
}

pub(crate) fn bench_with(token: &str, ledger: MemoryLedger) -> Bench {
    let url = url::Url::parse("https://api.openai.com/v1").unwrap();
    let provider = Arc::new(StubProvider::new(vec![Origin::of(&url)]));
    let ledger = Arc::new(ledger);
    let secrets = Arc::new(FixedSecret::new(token));
    let heard = Arc::new(HeardCalls::default());
    let connections = MemoryConnections::new()
        .with("open", draft(NetworkGate::Open))
        .with("closed", draft(NetworkGate::Closed))
        .with("keyless", keyless());
    let engine = Engine::new(Ports {
        connections: Arc::new(connections),
        providers: Arc::new(StubProviders::new(Arc::clone(&provider))),
        secrets: secrets.clone(),
        ledger: ledger.clone(),
        reader: ledger.clone(),
        prices: Arc::new(MemoryPrices::new()),
        clock: Arc::new(FixedClock::default()),
        call_ids: Arc::new(SequentialCallIds::new()),
        observers: [heard.clone() as Arc<dyn CallObserver>]
            .into_iter()
            .collect(),
    });
    Bench {
        engine,
        ledger,
        secrets,
        provider,
        heard,
    }
}

pub(crate) fn bench() -> Bench {
    bench_with("fake-token", MemoryLedger::new())
}

pub(crate) fn draft(gate: NetworkGate) -> Draft {
    Draft {
        provider: "openai".into(),
        model: "m".into(),
        credential: Some("env:TOKEN".into()),
        gate,
        ..Draft::default()
    }
}

/// A local server without a token, with a default cap on answers.
pub(crate) fn keyless() -> Draft {
    Draft {
        provider: "ollama".into(),
        credential: None,
        max_tokens: Some(512),
        ..draft(NetworkGate::Open)
    }
}

pub(crate) fn ask(connection: &str) -> ChatCall {
    ChatCall {
        connection: Some(connection.into()),
        messages: vec![Message::new(Role::User, "hi")],
        ..ChatCall::default()
    }
}

pub(crate) fn reply() -> ChatReply {
    ChatReply {
        content: Some("hello".into()),
        model: Some("m-2026".into()),
        usage: Usage {
            prompt_tokens: Some(3),
            ..Usage::default()
        },
        ..ChatReply::default()
    }
}
