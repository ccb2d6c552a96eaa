//! The data a receiver gets.

use opentelemetry_proto::tonic::metrics::v1::AggregationTemporality;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use synapse_core::ports::{CallEvent, CallObserver as _};

use crate::receiver::{answered, id, observed, opening, receiver, refused, texts};

#[tokio::test]
async fn an_answered_call_is_a_span_and_three_points() {
    let (server, received) = receiver();
    let observed = observed(Some(server.url("/").to_string()));
    observed.observer.observe(CallEvent::Began(&opening(1)));
    observed.observer.observe(CallEvent::Ended(&answered(1)));
    observed.observer.flush().await;

    let received = received.lock().unwrap();
    let spans = received.spans();
    assert_eq!(spans.len(), 1);
    let span = &spans[0];
    assert_eq!(span.name, "chat asked");
    assert_eq!(span.kind, i32::from(SpanKind::Client));
    assert_eq!(span.trace_id, id(1).as_uuid().as_bytes());
    assert_eq!(span.span_id, [0x80, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(span.parent_span_id, [0_u8; 0]);
    // The wall clock went backwards; the duration is monotonic.
    assert_eq!(
        span.end_time_unix_nano - span.start_time_unix_nano,
        1_500_000_000
    );
    assert_eq!(
        span.status.as_ref().unwrap().code,
        i32::from(StatusCode::Unset)
    );
    let expected = [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "openai"),
        ("gen_ai.request.model", "asked"),
        ("gen_ai.response.finish_reasons", "[stop]"),
        ("gen_ai.response.model", "served"),
        ("gen_ai.usage.cache_read.input_tokens", "2"),
        ("gen_ai.usage.input_tokens", "7"),
        ("gen_ai.usage.output_tokens", "300"),
        ("http.response.status_code", "200"),
        ("server.address", "127.0.0.1"),
        ("server.port", "8080"),
        ("synapse.call.id", "00000000-0000-7000-8000-000000000001"),
        ("synapse.call.operation", "chat"),
        ("synapse.call.outcome", "ok"),
        ("synapse.client.name", "editor"),
        ("synapse.client.tool", "chat"),
        ("synapse.client.version", "9"),
        ("synapse.connection", "work"),
        ("synapse.cost.maybe_billed", "true"),
        ("synapse.cost.nano_usd", "1500"),
        ("synapse.cost.source", "ESTIMATED"),
        ("synapse.provider.request_id", "req_1"),
    ];
    let attributes = texts(&span.attributes);
    let attributes: Vec<(&str, &str)> = attributes
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(attributes, expected);

    let metrics = received.metrics();
    let shown: Vec<(&str, &str)> = metrics
        .iter()
        .map(|metric| (metric.name.as_str(), metric.unit.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            ("gen_ai.client.token.usage", "{token}"),
            ("gen_ai.client.operation.duration", "s"),
        ]
    );
    let mut sums = Vec::new();
    for metric in &metrics {
        let Some(Data::Histogram(histogram)) = &metric.data else {
            panic!("{metric:?}");
        };
        assert_eq!(
            histogram.aggregation_temporality,
            i32::from(AggregationTemporality::Delta)
        );
        for point in &histogram.data_points {
            let attributes = texts(&point.attributes);
            let kind = attributes.get("gen_ai.token.type").cloned();
            assert_eq!(attributes["gen_ai.response.model"], "served");
            assert_eq!(point.count, 1);
            assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
            assert_eq!(point.bucket_counts.iter().sum::<u64>(), 1);
            sums.push((kind, point.sum.unwrap()));
        }
    }
    let of = |word: &str| Some(word.to_owned());
    assert_eq!(
        sums,
        [(of("input"), 7.0), (of("output"), 300.0), (None, 1.5)]
    );
    let resource = received.traces[0].resource_spans[0].resource.clone();
    let resource = texts(&resource.unwrap().attributes);
    assert_eq!(resource["service.name"], "synapse");
    assert_eq!(resource["service.version"], "1.2.3");
    assert_eq!(resource["service.instance.id"], "this-process");
    assert_eq!(server.requests().len(), 2, "one of each signal");
    assert_eq!(observed.warnings.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_refusal_is_a_span_and_no_operation_of_the_provider() {
    let (server, received) = receiver();
    let observed = observed(Some(server.url("/").to_string()));
    observed.observer.observe(CallEvent::Began(&opening(1)));
    observed.observer.observe(CallEvent::Ended(&refused(1)));
    observed.observer.flush().await;
    let received = received.lock().unwrap();
    let span = &received.spans()[0];
    let status = span.status.as_ref().unwrap();
    assert_eq!(status.code, i32::from(StatusCode::Error));
    assert_eq!(status.message, "gate.network-disabled");
    let attributes = texts(&span.attributes);
    assert_eq!(attributes["error.type"], "gate.network-disabled");
    assert_eq!(attributes["synapse.call.outcome"], "refused");
    for unknown in [
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.output_tokens",
        "gen_ai.response.model",
        "synapse.cost.nano_usd",
        "http.response.status_code",
    ] {
        assert!(!attributes.contains_key(unknown), "{unknown}");
    }
    assert_eq!(received.metrics().len(), 0);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn calls_go_together_and_each_once() {
    let (server, received) = receiver();
    let observed = observed(Some(server.url("/").to_string()));
    for number in 1..=700 {
        observed
            .observer
            .observe(CallEvent::Began(&opening(number)));
        observed
            .observer
            .observe(CallEvent::Ended(&answered(number)));
    }
    observed.observer.flush().await;
    // Nothing is left, and nothing is sent twice.
    observed.observer.flush().await;
    drop(observed.observer);
    let received = received.lock().unwrap();
    let mut ids: Vec<Vec<u8>> = received.spans().into_iter().map(|s| s.trace_id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((received.spans().len(), ids.len()), (700, 700));
    assert_eq!(server.requests().len(), 4, "two batches of two signals");
}

#[tokio::test]
async fn what_was_not_flushed_is_sent_when_it_is_dropped() {
    let (server, received) = receiver();
    let observed = observed(Some(server.url("/").to_string()));
    observed.observer.observe(CallEvent::Began(&opening(1)));
    observed.observer.observe(CallEvent::Ended(&answered(1)));
    drop(observed.observer);
    assert_eq!(received.lock().unwrap().spans().len(), 1);
    drop(server);
}
