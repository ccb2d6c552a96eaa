//! The use cases over in-memory ports: order of gate, row, secret and send; what is saved; what a
//! caller that walks away leaves behind.

use std::sync::Arc;

use async_trait::async_trait;
use synapse_core::chat::{ChatReply, ChatRequest, Message, Role, Usage};
use synapse_core::engine::{ChatCall, Engine, Ports, PreflightCall};
use synapse_core::error::{Code, Failure};
use synapse_core::gate::{NetworkGate, NetworkPermit};
use synapse_core::ledger::Outcome;
use synapse_core::ports::ProviderFactory;
use synapse_core::preflight::{CheckId, Finding, Reach, Rung, Skip, TOKEN_CAP_REACHED};
use synapse_core::provider::{Exchanged, Provider};
use synapse_core::secret::BoundSecret;
use synapse_core::{Connection, Draft, ModelId, Origin};
use synapse_testkit::ports::{
    FixedClock, FixedSecret, MemoryConnections, MemoryLedger, SequentialCallIds, StubProvider,
    StubProviders,
};

struct Bench {
    engine: Engine,
    ledger: Arc<MemoryLedger>,
    secrets: Arc<FixedSecret>,
    provider: Arc<StubProvider>,
}

fn bench_with(token: &str, ledger: MemoryLedger) -> Bench {
    let url = url::Url::parse("https://api.openai.com/v1").unwrap();
    let provider = Arc::new(StubProvider::new(vec![Origin::of(&url)]));
    let ledger = Arc::new(ledger);
    let secrets = Arc::new(FixedSecret::new(token));
    let connections = MemoryConnections::new()
        .with("open", draft(NetworkGate::Open))
        .with("closed", draft(NetworkGate::Closed));
    let engine = Engine::new(Ports {
        connections: Arc::new(connections),
        providers: Arc::new(StubProviders::new(Arc::clone(&provider))),
        secrets: secrets.clone(),
        ledger: ledger.clone(),
        reader: ledger.clone(),
        clock: Arc::new(FixedClock::default()),
        call_ids: Arc::new(SequentialCallIds::new()),
    });
    Bench {
        engine,
        ledger,
        secrets,
        provider,
    }
}

fn bench() -> Bench {
    bench_with("fake-token", MemoryLedger::new())
}

fn draft(gate: NetworkGate) -> Draft {
    Draft {
        provider: "openai".into(),
        model: "m".into(),
        credential: "env:TOKEN".into(),
        gate,
        ..Draft::default()
    }
}

fn ask(connection: &str) -> ChatCall {
    ChatCall {
        connection: Some(connection.into()),
        messages: vec![Message::new(Role::User, "hi")],
        ..ChatCall::default()
    }
}

fn reply() -> ChatReply {
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

#[tokio::test]
async fn one_prompt_is_one_send_and_one_row() {
    let bench = bench();
    bench.provider.will_answer(Ok(reply()));
    let outcome = bench.engine.chat(ask("open")).await.unwrap();
    assert_eq!(outcome.result, Ok(reply()));
    assert_eq!(outcome.warnings, []);
    assert_eq!(outcome.receipt.model_served.as_deref(), Some("m-2026"));
    assert_eq!(
        outcome.receipt.usage.completion_tokens, None,
        "unknown stays unknown"
    );
    let expected = ChatRequest::prompt("m".parse().unwrap(), "hi");
    assert_eq!(
        bench.provider.chats(),
        [expected],
        "the prompt sent is the prompt given"
    );
    assert_eq!(bench.secrets.reads(), 1);
    let rows = bench.ledger.entries();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].outcome, &rows[0].receipt),
        (Outcome::Ok, &outcome.receipt)
    );
}

#[tokio::test]
async fn a_closed_gate_reads_no_secret_sends_nothing_and_leaves_a_row() {
    let bench = bench();
    let outcome = bench.engine.chat(ask("closed")).await.unwrap();
    let failure = outcome.result.unwrap_err();
    assert_eq!(failure.code, Code::GateNetworkDisabled);
    let command = failure
        .hints
        .iter()
        .find_map(|hint| hint.command.as_deref());
    assert_eq!(
        command,
        Some("synapse connection edit closed --allow-network")
    );
    assert_eq!(
        (bench.secrets.reads(), bench.provider.chats().len()),
        (0, 0)
    );
    assert_eq!(outcome.receipt.exchange.attempts, 0);
    let rows = bench.ledger.entries();
    assert_eq!((rows.len(), rows[0].outcome), (1, Outcome::Refused));
    assert_eq!(rows[0].error_code.as_deref(), Some("gate.network-disabled"));

    let report = bench
        .engine
        .preflight(PreflightCall::draft(
            None,
            draft(NetworkGate::Closed),
            Reach::Live,
        ))
        .await;
    assert_eq!(
        report.failure().map(|failure| failure.code),
        Some(Code::GateNetworkDisabled)
    );
    assert_eq!((bench.secrets.reads(), bench.provider.climbs()), (0, 0));
}

#[tokio::test]
async fn a_failed_send_is_an_error_row_and_a_foreign_token_a_refusal() {
    let bench = bench();
    bench
        .provider
        .will_answer(Err(Failure::new(Code::TransportInterrupted, "broke")));
    let outcome = bench.engine.chat(ask("open")).await.unwrap();
    assert_eq!(outcome.result.unwrap_err().code, Code::TransportInterrupted);
    assert_eq!(bench.ledger.entries()[0].outcome, Outcome::Error);

    let bench = bench_with("hf_fake", MemoryLedger::new());
    let outcome = bench.engine.chat(ask("open")).await.unwrap();
    assert_eq!(
        outcome.result.unwrap_err().code,
        Code::CredentialWrongVendor
    );
    assert_eq!(bench.ledger.entries()[0].outcome, Outcome::Refused);
    assert_eq!(bench.provider.chats().len(), 0);
}

#[tokio::test]
async fn what_is_no_call_leaves_no_row() {
    let bench = bench();
    let unknown = bench.engine.chat(ask("nope")).await.unwrap_err();
    assert_eq!(unknown.code, Code::ConfigNotFound);
    let several = bench
        .engine
        .chat(ChatCall {
            connection: None,
            ..ask("open")
        })
        .await
        .unwrap_err();
    assert_eq!(several.code, Code::UsageInvalidArguments);
    let empty = ChatCall {
        messages: vec![Message::new(Role::User, "")],
        ..ask("open")
    };
    assert_eq!(
        bench.engine.chat(empty).await.unwrap_err().code,
        Code::UsageInvalidArguments
    );
    let mut odd = ask("open");
    odd.parameters.temperature = Some(f64::NAN);
    assert_eq!(
        bench.engine.chat(odd).await.unwrap_err().code,
        Code::UsageInvalidArguments
    );
    let model = ChatCall {
        model: Some("a b".into()),
        ..ask("open")
    };
    assert_eq!(
        bench.engine.chat(model).await.unwrap_err().code,
        Code::ConfigInvalidValue
    );
    assert_eq!(bench.ledger.entries(), []);
}

#[tokio::test]
async fn a_ledger_that_cannot_be_written_is_a_warning_and_not_a_failure() {
    let full = Failure::new(Code::StorageDiskFull, "no room");
    let bench = bench_with("fake-token", MemoryLedger::failing(full.clone()));
    bench.provider.will_answer(Ok(reply()));
    let outcome = bench.engine.chat(ask("open")).await.unwrap();
    assert_eq!(outcome.result, Ok(reply()));
    assert_eq!(outcome.warnings, [full]);
}

#[tokio::test]
async fn preflight_climbs_in_order_and_stops_where_it_must() {
    let bench = bench();
    let climb = async |reach| {
        let call = PreflightCall::draft(None, draft(NetworkGate::Open), reach);
        bench.engine.preflight(call).await
    };
    let report = climb(Reach::Offline).await;
    assert!(report.passed());
    assert_eq!(bench.provider.climbs(), 0);
    let last = report.checks.last().unwrap();
    assert_eq!(
        (last.id, &last.finding),
        (CheckId::Live, &Finding::Skip(Skip::Offline))
    );

    let report = climb(Reach::Free).await;
    assert!(report.passed());
    assert_eq!(
        (bench.provider.climbs(), bench.provider.chats().len()),
        (1, 0)
    );

    bench
        .provider
        .will_fail_rungs(Failure::new(Code::CredentialTokenRejected, "no"));
    let report = climb(Reach::Live).await;
    let words: Vec<(CheckId, bool)> = report
        .checks
        .iter()
        .map(|check| (check.id, matches!(check.finding, Finding::Ok(_))))
        .collect();
    assert_eq!(
        words,
        [
            (CheckId::Config, true),
            (CheckId::Endpoint, true),
            (CheckId::Gate, true),
            (CheckId::Credential, true),
            (CheckId::Reach, true),
            (CheckId::Token, false),
            (CheckId::Model, false),
            (CheckId::Live, false),
        ]
    );
    assert_eq!(
        bench.provider.chats().len(),
        0,
        "no paid prompt behind a failed check"
    );
    assert_eq!(bench.ledger.entries(), [], "free checks leave no row");
}

#[tokio::test]
async fn the_paid_probe_is_one_small_prompt_and_a_row() {
    let bench = bench();
    bench.provider.will_answer(Ok(ChatReply::default()));
    let call = PreflightCall::draft(None, draft(NetworkGate::Open), Reach::Live);
    let report = bench.engine.preflight(call).await;
    assert!(report.passed(), "an answer without text proves as much");
    let chats = bench.provider.chats();
    assert_eq!((chats.len(), chats[0].parameters.max_tokens), (1, Some(16)));
    assert_eq!(bench.ledger.entries()[0].operation, "probe");
    assert!(report.receipt.is_some());

    let capped = Failure::new(Code::ProviderRequestRejected, "cap").with(TOKEN_CAP_REACHED, true);
    bench.provider.will_answer(Err(capped));
    let call = PreflightCall::draft(None, draft(NetworkGate::Open), Reach::Live);
    assert!(
        bench.engine.preflight(call).await.passed(),
        "the cap proves as much"
    );
}

#[tokio::test]
async fn nothing_is_saved_that_did_not_pass() {
    let bench = bench();
    let create = async |name: &str, draft, reach| {
        bench
            .engine
            .create(name.parse().unwrap(), draft, reach)
            .await
    };
    let saved = create("new", draft(NetworkGate::Closed), Reach::Free)
        .await
        .unwrap();
    assert_eq!(saved.result.unwrap_err().code, Code::GateNetworkDisabled);
    assert!(bench.engine.stored("new").is_err());

    let saved = create("new", draft(NetworkGate::Closed), Reach::Offline)
        .await
        .unwrap();
    saved.result.unwrap();
    let record = bench.engine.stored("new").unwrap().preflight.unwrap();
    assert_eq!(record.proven, ["config", "endpoint"]);
    assert!(record.unproven.iter().any(|id| id == "token"));

    let again = create("new", draft(NetworkGate::Open), Reach::Free)
        .await
        .unwrap_err();
    assert_eq!(again.code, Code::ConfigDuplicateName);
}

#[tokio::test]
async fn an_edit_is_checked_before_it_is_saved_and_closing_the_gate_always_works() {
    let bench = bench();
    bench
        .provider
        .will_fail_rungs(Failure::new(Code::ProviderModelUnavailable, "no"));
    let edited = bench
        .engine
        .edit("open", |draft| draft.model = "other".into(), Reach::Free)
        .await
        .unwrap();
    assert_eq!(
        edited.result.unwrap_err().code,
        Code::ProviderModelUnavailable
    );
    assert_eq!(bench.engine.stored("open").unwrap().draft.model, "m");

    let edited = bench
        .engine
        .edit(
            "open",
            |draft| draft.gate = NetworkGate::Closed,
            Reach::Free,
        )
        .await
        .unwrap();
    edited.result.unwrap();
    assert_eq!(
        bench.engine.stored("open").unwrap().draft.gate,
        NetworkGate::Closed
    );
    bench.engine.remove("open").unwrap();
    assert_eq!(
        bench.engine.remove("open").unwrap_err().code,
        Code::ConfigNotFound
    );
}

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
        _secret: &BoundSecret,
        _request: &ChatRequest,
    ) -> Exchanged<ChatReply> {
        std::future::pending().await
    }

    fn rungs(&self) -> &'static [Rung] {
        &[]
    }

    async fn climb(
        &self,
        rung: &Rung,
        permit: &NetworkPermit,
        secret: &BoundSecret,
        model: &ModelId,
    ) -> Exchanged<Vec<(CheckId, Finding)>> {
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
        assert!(futures_poll_once(call.as_mut()).await.is_none());
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

async fn futures_poll_once<T>(
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
