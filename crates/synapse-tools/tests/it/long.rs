//! Slow calls: progress, timeouts and cancellation. The provider takes two minutes of paused time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use synapse_core::chat::{ChatReply, ChatRequest};
use synapse_core::ledger::Outcome;
use synapse_core::ports::ProviderFactory;
use synapse_core::preflight::{Probe, ProbeResult};
use synapse_core::provider::models::{Listed, ModelList};
use synapse_core::provider::{Access, Exchanged, OutgoingRequest, Provider};
use synapse_core::receipt::Exchange;
use synapse_core::{Connection, Failure, ModelId, Origin};
use synapse_mcp::host::ProgressReporter;
use synapse_mcp::{Caller, ProtocolRevision, ToolCall, ToolHost};
use tokio::time::{sleep, timeout};

use crate::bench::{bench_with, code, reply};

const TAKES: Duration = Duration::from_secs(120);
/// Bytes of the request.
const BODY: u64 = 77;

#[derive(Debug, Default)]
struct Slow {
    asked: AtomicUsize,
    limits: std::sync::Mutex<Vec<Duration>>,
}

#[derive(Debug)]
struct Slowly(Arc<Slow>);

impl ProviderFactory for Slowly {
    fn provider(&self, connection: &Connection) -> Result<Arc<dyn Provider>, Failure> {
        self.0.limits.lock().unwrap().push(connection.timeout);
        Ok(self.0.clone())
    }
}

#[async_trait]
impl Provider for Slow {
    fn origins(&self) -> Vec<Origin> {
        Vec::new()
    }

    fn check(&self, _request: &ChatRequest) -> Result<(), Failure> {
        Ok(())
    }

    fn outgoing(&self, _request: &ChatRequest) -> Result<OutgoingRequest, Failure> {
        unreachable!("nobody asks this provider what it would send")
    }

    async fn chat(&self, access: Access<'_>, _request: &Arc<ChatRequest>) -> Exchanged<ChatReply> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        // As every adapter does before its request, once it is connected.
        access.permit().departing(BODY).await.unwrap();
        access.permit().departure().unwrap().departed();
        sleep(TAKES).await;
        Exchanged {
            exchange: Exchange {
                attempts: 1,
                maybe_billed: true,
                ..Exchange::default()
            },
            outcome: Ok(reply("at last")),
        }
    }

    fn model_list(&self) -> ModelList {
        ModelList::Public
    }

    async fn list_models(&self, _access: Access<'_>) -> Exchanged<Listed> {
        unreachable!("nobody lists")
    }

    fn probes(&self) -> &'static [Probe] {
        &[]
    }

    async fn probe(
        &self,
        _probe: &Probe,
        _access: Access<'_>,
        _model: &ModelId,
    ) -> Exchanged<ProbeResult> {
        unreachable!("nobody probes")
    }
}

fn ask(arguments: Value) -> ToolCall {
    let arguments = arguments.as_object().unwrap().clone();
    ToolCall::new(
        "chat",
        arguments,
        Caller::new(ProtocolRevision::V2025_11_25),
    )
}

#[tokio::test(start_paused = true)]
async fn a_long_call_says_that_it_is_alive() {
    let slow = Arc::new(Slow::default());
    let bench = bench_with(Arc::new(Slowly(slow)));
    let (sender, mut reports) = tokio::sync::mpsc::unbounded_channel();
    let mut call = ask(json!({"connection": "open", "prompt": "hi"}));
    call.progress = Some(ProgressReporter::new(json!(7), move |params| {
        sender.send(params).unwrap();
    }));
    let result = bench.tools.call_tool(call).await.unwrap().into_object();
    assert_eq!(result["content"][0]["text"], "at last");
    let mut last = 0.0;
    let mut count = 0;
    while let Ok(report) = reports.try_recv() {
        assert_eq!(report["progressToken"], 7);
        let progress = report["progress"].as_f64().unwrap();
        assert!(progress > last && progress - last < 60.0, "{report:?}");
        last = progress;
        count += 1;
    }
    assert_eq!(count, 11);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_its_client_gives_up_is_closed() {
    let slow = Arc::new(Slow::default());
    let bench = bench_with(Arc::new(Slowly(slow.clone())));
    let call = bench
        .tools
        .call_tool(ask(json!({"connection": "open", "prompt": "hi"})));
    // The server cancels a call by dropping its future.
    assert!(timeout(Duration::from_secs(60), call).await.is_err());
    bench.engine.ports().ledger.flush().await.unwrap();
    let rows = bench.ledger.entries();
    assert_eq!((rows.len(), slow.asked.load(Ordering::SeqCst)), (1, 1));
    assert_eq!(rows[0].outcome, Outcome::Cancelled);
    let exchange = &rows[0].receipt.exchange;
    assert!(exchange.maybe_billed);
    assert_eq!((exchange.attempts, exchange.bytes_out), (1, BODY));
}

#[tokio::test(start_paused = true)]
async fn a_call_may_wait_less_than_its_connection_and_never_longer() {
    let slow = Arc::new(Slow::default());
    let bench = bench_with(Arc::new(Slowly(slow.clone())));
    let limited = |seconds: Value| {
        ask(json!({"connection": "open", "prompt": "hi", "timeout_seconds": seconds}))
    };
    bench.tools.call_tool(limited(json!(30))).await.unwrap();
    bench.tools.call_tool(limited(Value::Null)).await.unwrap();
    let limits = slow.limits.lock().unwrap().clone();
    assert_eq!(limits[0], Duration::from_secs(30));
    assert!(limits[1] > limits[0]);
    for seconds in [
        json!(0),
        json!(limits[1].as_secs() + 1),
        json!(1.5),
        json!("soon"),
    ] {
        let result = bench
            .tools
            .call_tool(limited(seconds.clone()))
            .await
            .unwrap();
        let result = result.into_object();
        assert_eq!(code(&result), "usage.invalid-arguments", "{seconds}");
        let text = result["content"][0]["text"].as_str().unwrap();
        assert!(text.contains("timeout_seconds"), "{text}");
    }
    assert_eq!(slow.asked.load(Ordering::SeqCst), 2);
}
