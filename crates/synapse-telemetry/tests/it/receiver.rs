//! An OTLP/HTTP receiver that records decoded requests, and sample calls.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use synapse_core::call::{CallId, Caller, Operation};
use synapse_core::chat::Usage;
use synapse_core::error::{Code, Failure};
use synapse_core::ledger::{Closing, Opening, Outcome};
use synapse_core::money::{Cost, CostSource};
use synapse_core::receipt::{Exchange, Receipt};
use synapse_core::telemetry::CollectorUrl;
use synapse_core::time::Timestamp;
use synapse_telemetry::{Observer, Wiring};
use synapse_testkit::ports::{FixedClock, SequentialCallIds};
use synapse_testkit::raw::{RawServer, Reply};
use uuid::Uuid;

/// Part of every prompt and answer; must never arrive.
pub(crate) const CANARY: &str = "canary-of-the-prompt";

/// Requests decoded by the receiver.
#[derive(Debug, Default)]
pub(crate) struct Received {
    pub(crate) traces: Vec<ExportTraceServiceRequest>,
    pub(crate) metrics: Vec<ExportMetricsServiceRequest>,
}

impl Received {
    pub(crate) fn spans(&self) -> Vec<Span> {
        let scopes = self
            .traces
            .iter()
            .flat_map(|each| &each.resource_spans)
            .flat_map(|each| &each.scope_spans);
        scopes.flat_map(|each| each.spans.clone()).collect()
    }

    pub(crate) fn metrics(&self) -> Vec<Metric> {
        let scopes = self
            .metrics
            .iter()
            .flat_map(|each| &each.resource_metrics)
            .flat_map(|each| &each.scope_metrics);
        scopes.flat_map(|each| each.metrics.clone()).collect()
    }
}

/// A receiver that accepts everything.
pub(crate) fn receiver() -> (RawServer, Arc<Mutex<Received>>) {
    let received = Arc::new(Mutex::new(Received::default()));
    let kept = Arc::clone(&received);
    let server = RawServer::start(move |request| {
        assert_eq!(request.method(), "POST");
        assert_eq!(
            request.header("content-type"),
            Some("application/x-protobuf")
        );
        assert_eq!(request.header("authorization"), None);
        let mut kept = kept.lock().unwrap();
        let body = request.body.as_slice();
        assert!(!String::from_utf8_lossy(body).contains(CANARY), "{body:?}");
        match request.path() {
            "/v1/traces" => kept
                .traces
                .push(ExportTraceServiceRequest::decode(body).unwrap()),
            "/v1/metrics" => kept
                .metrics
                .push(ExportMetricsServiceRequest::decode(body).unwrap()),
            other => panic!("nothing is sent to {other}"),
        }
        Reply::typed(200, "application/x-protobuf", Vec::new())
    });
    (server, received)
}

/// Attributes by name, rendered as text.
pub(crate) fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    attributes
        .iter()
        .map(|each| {
            let value = each.value.clone().unwrap().value.unwrap();
            (each.key.clone(), text(value))
        })
        .collect()
}

fn text(value: Value) -> String {
    match value {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        Value::BoolValue(truth) => truth.to_string(),
        Value::ArrayValue(array) => {
            let values = array
                .values
                .into_iter()
                .map(|each| text(each.value.unwrap()));
            format!("[{}]", values.collect::<Vec<_>>().join(", "))
        }
        other => panic!("no attribute has a value such as {other:?}"),
    }
}

/// An observer and its warnings.
pub(crate) struct Observed {
    pub(crate) observer: Observer,
    pub(crate) warnings: Arc<Mutex<Vec<Failure>>>,
}

/// Observes for the collector at `url`, if any.
pub(crate) fn observed(url: Option<String>) -> Observed {
    observed_with(move || url.as_ref().map(|url| url.parse()).transpose())
}

pub(crate) fn observed_with(
    collector: impl Fn() -> Result<Option<CollectorUrl>, Failure> + Send + Sync + 'static,
) -> Observed {
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&warnings);
    let wiring = Wiring {
        collector: Box::new(collector),
        warn: Box::new(move |failure| heard.lock().unwrap().push(failure.clone())),
        clock: Arc::new(FixedClock::default()),
        version: "1.2.3".to_owned(),
        ids: Arc::new(SequentialCallIds::default()),
        instance: "this-process".to_owned(),
    };
    let observer = Observer::new(wiring);
    Observed { observer, warnings }
}

/// The opening of a call.
pub(crate) fn opening(number: u64) -> Opening {
    Opening {
        started_at: "2026-11-20T12:00:00Z".parse().unwrap(),
        operation: Operation::Chat,
        caller: Caller {
            client_name: Some("editor".into()),
            client_version: Some("9".into()),
            tool: Some("chat".into()),
            span: None,
        },
        receipt: Receipt {
            call_id: id(number),
            connection: "work".into(),
            provider: "openai".into(),
            model_requested: "asked".into(),
            model_served: None,
            exchange: Exchange {
                host: "127.0.0.1:8080".into(),
                ..Exchange::default()
            },
            finish_reason: None,
            usage: Usage::default(),
            cost: Cost::default(),
            latency_ms: None,
        },
        prompt: Some(format!("what was asked: {CANARY}")),
    }
}

/// A successful closing of the same call.
pub(crate) fn answered(number: u64) -> Closing {
    let mut receipt = opening(number).receipt;
    receipt.model_served = Some("served".into());
    receipt.finish_reason = Some("stop".into());
    receipt.exchange.attempts = 1;
    receipt.exchange.http_status = Some(200);
    receipt.exchange.request_id = Some("req_1".into());
    receipt.exchange.maybe_billed = true;
    receipt.usage = Usage {
        prompt_tokens: Some(7),
        completion_tokens: Some(300),
        cached_tokens: Some(2),
        ..Usage::default()
    };
    receipt.cost = Cost {
        amount_nano_usd: Some(1500),
        source: CostSource::Estimated,
        priced_at: Some(Timestamp::from_millis(0)),
    };
    receipt.latency_ms = Some(1500);
    Closing {
        ended_at: "2026-11-20T11:59:00Z".parse().unwrap(),
        outcome: Outcome::Ok,
        error_code: None,
        receipt,
        reply: Some(format!("what was answered: {CANARY}")),
    }
}

/// A closing of the same call, refused before sending.
pub(crate) fn refused(number: u64) -> Closing {
    let mut receipt = opening(number).receipt;
    receipt.latency_ms = Some(0);
    Closing {
        ended_at: "2026-11-20T12:00:00Z".parse().unwrap(),
        outcome: Outcome::Refused,
        error_code: Some(Code::GateNetworkDisabled),
        receipt,
        reply: Some(format!("what was answered: {CANARY}")),
    }
}

pub(crate) fn id(number: u64) -> CallId {
    CallId::new(Uuid::from_u64_pair(
        0x0000_0000_0000_7000,
        0x8000_0000_0000_0000 | number,
    ))
}
