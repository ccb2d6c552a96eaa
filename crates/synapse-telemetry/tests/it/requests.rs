//! IDE requests and the calls under them form one trace, from any client.

use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use synapse_core::call::Caller;
use synapse_core::error::Code;
use synapse_core::ledger::{HubClosing, HubFacts, HubKind, HubOpening, Outcome};
use synapse_core::ports::{CallEvent, CallObserver as _};
use synapse_mcp::host::{
    RequestEnding, RequestObserver as _, RequestOpening, RequestSpan, SpanContext,
};

use crate::receiver::{Observed, answered, id, observed, opening, receiver, texts};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn request(method: &str, target: Option<&str>) -> RequestOpening {
    RequestOpening {
        method: method.to_owned(),
        target: target.map(str::to_owned),
        revision: "2025-11-25".to_owned(),
        parent: SpanContext::from_traceparent(PARENT),
        client_name: Some("editor".to_owned()),
        client_version: None,
    }
}

/// The span of `request`, as calls under it know it.
fn span_of(request: &dyn RequestSpan) -> synapse_core::telemetry::SpanContext {
    let context = request.context();
    synapse_core::telemetry::SpanContext::new(context.trace_id(), context.span_id())
}

/// An upstream call under `request`.
fn upstream(kind: HubKind, request: &dyn RequestSpan) -> HubOpening {
    HubOpening {
        call_id: id(9),
        started_at: "2026-11-20T12:00:00Z".parse().unwrap(),
        kind,
        caller: Caller {
            tool: Some("search".to_owned()),
            span: Some(span_of(request)),
            ..Caller::default()
        },
        facts: HubFacts::of("hf"),
    }
}

fn ended(outcome: Outcome, error_code: Option<Code>) -> HubClosing {
    HubClosing {
        call_id: id(9),
        ended_at: "2026-11-20T12:00:02Z".parse().unwrap(),
        outcome,
        error_code,
        attempts: u8::from(outcome != Outcome::Refused),
        http_status: Some(200),
        bytes_out: 10,
        bytes_in: 20,
        latency_ms: Some(1_500),
        facts: HubFacts {
            transport: Some("streamable-http".to_owned()),
            era: Some("2025-11-25".to_owned()),
            may_have_run: true,
            ..HubFacts::of("hf")
        },
    }
}

fn shown(span: &Span) -> Vec<(String, String)> {
    texts(&span.attributes).into_iter().collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

fn sums(metrics: &[Metric]) -> Vec<(&str, f64)> {
    metrics
        .iter()
        .map(|metric| {
            let Some(Data::Histogram(histogram)) = &metric.data else {
                panic!("{metric:?}");
            };
            let sum = histogram.data_points.iter().filter_map(|point| point.sum);
            (metric.name.as_str(), sum.sum())
        })
        .collect()
}

async fn call(observed: &Observed, outcome: Outcome, error_code: Option<Code>) {
    let request = observed
        .observer
        .begin(request("tools/call", Some("hf__search")));
    let begun = upstream(HubKind::Call, &*request);
    observed.observer.observe(CallEvent::UpstreamBegan(&begun));
    observed
        .observer
        .observe(CallEvent::UpstreamEnded(&ended(outcome, error_code)));
    request.end(match outcome {
        Outcome::Ok => RequestEnding::Answered,
        _ => RequestEnding::ToolFailed,
    });
    observed.observer.flush().await;
}

#[tokio::test]
async fn a_call_of_an_upstream_is_a_client_under_the_request_under_the_ide() {
    let (server, received) = receiver();
    let observed = observed(Some(server.url("/").to_string()));
    call(&observed, Outcome::Ok, None).await;
    let received = received.lock().unwrap();
    let spans = received.spans();
    let [upstream, request] = spans.as_slice() else {
        panic!("{spans:?}");
    };
    let parent = SpanContext::from_traceparent(PARENT).unwrap();
    assert_eq!(request.trace_id, parent.trace_id());
    assert_eq!(request.parent_span_id, parent.span_id());
    assert_eq!(request.kind, i32::from(SpanKind::Server));
    assert_eq!(request.name, "tools/call hf__search");
    assert_eq!(
        shown(request),
        pairs(&[
            ("gen_ai.operation.name", "execute_tool"),
            ("gen_ai.tool.name", "hf__search"),
            ("mcp.method.name", "tools/call"),
            ("mcp.protocol.version", "2025-11-25"),
            ("network.transport", "pipe"),
            ("synapse.client.name", "editor"),
        ])
    );
    assert_eq!(upstream.trace_id, request.trace_id);
    assert_eq!(upstream.parent_span_id, request.span_id);
    assert_eq!(upstream.kind, i32::from(SpanKind::Client));
    assert_eq!(upstream.name, "tools/call search");
    assert_eq!(
        upstream.end_time_unix_nano - upstream.start_time_unix_nano,
        1_500_000_000
    );
    assert_eq!(
        shown(upstream),
        pairs(&[
            ("gen_ai.operation.name", "execute_tool"),
            ("gen_ai.tool.name", "search"),
            ("http.response.status_code", "200"),
            ("mcp.method.name", "tools/call"),
            ("mcp.protocol.version", "2025-11-25"),
            ("network.transport", "tcp"),
            ("synapse.call.id", "00000000-0000-7000-8000-000000000009"),
            ("synapse.call.outcome", "ok"),
            ("synapse.upstream", "hf"),
            ("synapse.upstream.may_have_run", "true"),
        ])
    );
    let metrics = received.metrics();
    assert_eq!(
        sums(&metrics),
        [
            ("mcp.server.operation.duration", 0.0),
            ("mcp.client.operation.duration", 1.5),
        ]
    );
    assert!(metrics.iter().all(|metric| metric.unit == "s"));
}

#[tokio::test]
async fn a_prompt_from_an_ide_is_a_span_under_its_request() {
    let (server, received) = receiver();
    let observed = observed(Some(server.url("/").to_string()));
    let request = observed.observer.begin(RequestOpening {
        parent: None,
        ..request("tools/call", Some("chat"))
    });
    let mut begun = opening(1);
    begun.caller.span = Some(span_of(&*request));
    observed.observer.observe(CallEvent::Began(&begun));
    observed.observer.observe(CallEvent::Ended(&answered(1)));
    request.end(RequestEnding::Answered);
    observed.observer.flush().await;
    let spans = received.lock().unwrap().spans();
    assert_eq!(spans[0].name, "chat asked");
    assert_eq!(spans[0].parent_span_id, spans[1].span_id);
    assert_eq!(spans[0].trace_id, spans[1].trace_id);
    assert_eq!(spans[1].parent_span_id, [0_u8; 0], "nobody began it before");
}

#[tokio::test]
async fn what_failed_says_so_by_its_own_code() {
    let (server, received) = receiver();
    let observed = observed(Some(server.url("/").to_string()));
    call(&observed, Outcome::Refused, Some(Code::GateNetworkDisabled)).await;
    for (ending, kind) in [
        (RequestEnding::Refused(-32_602), "-32602"),
        (RequestEnding::ToolFailed, "tool_error"),
    ] {
        observed
            .observer
            .begin(request("prompts/get", Some("p")))
            .end(ending);
        observed.observer.flush().await;
        let spans = received.lock().unwrap().spans();
        let attributes = texts(&spans.last().unwrap().attributes);
        assert_eq!(attributes["error.type"], kind);
        assert_eq!(attributes["gen_ai.prompt.name"], "p");
        assert_eq!(attributes.get("gen_ai.operation.name"), None);
        assert_eq!(
            attributes
                .get("rpc.response.status_code")
                .map(String::as_str),
            (kind == "-32602").then_some(kind)
        );
    }
    let received = received.lock().unwrap();
    let refused = texts(&received.spans()[0].attributes);
    assert_eq!(refused["error.type"], "gate.network-disabled");
    // A request that was not sent is no upstream operation.
    let metrics = received.metrics();
    assert!(
        sums(&metrics)
            .iter()
            .all(|(name, _)| *name == "mcp.server.operation.duration")
    );
}

#[tokio::test]
async fn a_request_that_is_dropped_was_cancelled() {
    let (server, received) = receiver();
    let observed = observed(Some(server.url("/").to_string()));
    drop(observed.observer.begin(request("resources/read", None)));
    observed.observer.flush().await;
    let spans = received.lock().unwrap().spans();
    assert_eq!(spans[0].name, "resources/read");
    assert_eq!(texts(&spans[0].attributes)["error.type"], "cancelled");
}

#[tokio::test]
async fn starts_and_logins_are_no_requests() {
    let (server, received) = receiver();
    let observed = observed(Some(server.url("/").to_string()));
    let request = observed.observer.begin(request("tools/list", None));
    for kind in [HubKind::Start, HubKind::Login, HubKind::Refresh] {
        observed
            .observer
            .observe(CallEvent::UpstreamBegan(&upstream(kind, &*request)));
        observed
            .observer
            .observe(CallEvent::UpstreamEnded(&ended(Outcome::Ok, None)));
    }
    request.end(RequestEnding::Answered);
    observed.observer.flush().await;
    assert_eq!(received.lock().unwrap().spans().len(), 1);
}
