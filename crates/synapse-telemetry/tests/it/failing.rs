//! Unreachable, refusing and silent collectors.

use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message;
use synapse_core::error::{Code, Failure};
use synapse_core::ports::{CallEvent, CallObserver as _};
use synapse_testkit::raw::{ClosedPort, RawServer, Reply};

use crate::receiver::{Observed, answered, observed, observed_with, opening};

async fn call(observed: &Observed, number: u64) {
    observed
        .observer
        .observe(CallEvent::Began(&opening(number)));
    observed
        .observer
        .observe(CallEvent::Ended(&answered(number)));
    observed.observer.flush().await;
}

/// The single warning, however many calls.
async fn warned(observed: &Observed) -> Failure {
    for number in 1..=3 {
        call(observed, number).await;
    }
    let warnings = observed.warnings.lock().unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(warnings[0].code(), Code::TelemetryNotDelivered);
    warnings[0].clone()
}

#[tokio::test]
async fn a_dead_collector_is_one_warning() {
    let port = ClosedPort::new();
    let observed = observed(Some(format!("http://127.0.0.1:{}", port.port())));
    let warning = warned(&observed).await;
    assert!(
        warning.causes().concat().contains("connection refused"),
        "{warning:?}"
    );
}

#[tokio::test]
async fn a_collector_that_refuses_is_one_warning_and_is_not_asked_twice() {
    let server = RawServer::always(Reply::status(503));
    let observed = observed(Some(server.url("/").to_string()));
    let warning = warned(&observed).await;
    assert!(warning.causes().concat().contains("503"), "{warning:?}");
    assert_eq!(
        server.requests().len(),
        6,
        "each batch once: two signals of three calls"
    );
}

#[tokio::test]
async fn a_collector_that_takes_a_part_is_one_warning() {
    let partial = ExportTraceServiceResponse {
        partial_success: Some(ExportTracePartialSuccess {
            rejected_spans: 1,
            error_message: "too old".to_owned(),
        }),
    };
    let body = partial.encode_to_vec();
    let server = RawServer::always(Reply::typed(200, "application/x-protobuf", body));
    let observed = observed(Some(server.url("/").to_string()));
    let warning = warned(&observed).await;
    assert!(warning.causes().concat().contains("1 spans"), "{warning:?}");
}

#[tokio::test]
async fn a_silent_collector_delays_no_call() {
    let server = RawServer::mute();
    let observed = observed(Some(server.url("/").to_string()));
    observed.observer.observe(CallEvent::Began(&opening(1)));
    let began = Instant::now();
    observed.observer.observe(CallEvent::Ended(&answered(1)));
    let closed = began.elapsed();
    observed.observer.flush().await;
    // The flush waits for the collector until its deadline; a call that waited too would take as
    // long.
    let flushed = began.elapsed();
    assert!(closed * 2 < flushed, "{closed:?} of {flushed:?}");
    assert!(flushed < Duration::from_secs(60), "{flushed:?}");
    assert_eq!(observed.warnings.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn without_a_collector_nothing_is_sent_and_nobody_waits() {
    let observed = observed(None);
    call(&observed, 1).await;
    assert_eq!(observed.warnings.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_configuration_that_cannot_be_read_is_one_warning() {
    let observed = observed_with(|| Err(Failure::new(Code::ConfigSyntax, "broken")));
    for number in 1..=2 {
        call(&observed, number).await;
    }
    let warnings = observed.warnings.lock().unwrap();
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].code(), Code::ConfigSyntax);
}
