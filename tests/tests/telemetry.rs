//! Telemetry through the whole product, built with the feature `otel`: the data decoded by a local
//! collector, and the behaviour without one.

#![cfg(test)]

use std::io::Read as _;
use std::sync::{Arc, Mutex};

use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::json;
use synapse_testkit::provider_doubles::OpenAiDouble;
use synapse_testkit::raw::{ClosedPort, RawServer, RecordedRequest, Reply};
use synapse_tests::{Era, Home, OtlpCollector};

const TWIN: &str = env!("CARGO_BIN_EXE_synapse-twin");
/// Part of every prompt.
const CANARY: &str = "canary-of-the-prompt";

fn home(double: &OpenAiDouble, telemetry: &str) -> Home {
    let home = Home::connected(TWIN, double);
    let file = home.connections();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    home.write(".synapse/connections.toml", format!("{text}\n{telemetry}"));
    home
}

fn collector() -> (RawServer, Arc<Mutex<Vec<RecordedRequest>>>) {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&requests);
    let server = RawServer::start(move |request| {
        kept.lock().unwrap().push(request.clone());
        Reply::typed(200, "application/x-protobuf", Vec::new())
    });
    (server, requests)
}

fn spans(requests: &[RecordedRequest]) -> Vec<Span> {
    requests
        .iter()
        .filter(|request| request.path() == "/v1/traces")
        .map(|request| ExportTraceServiceRequest::decode(&*body(request)).unwrap())
        .flat_map(|message| message.resource_spans)
        .flat_map(|resource| resource.scope_spans)
        .flat_map(|scope| scope.spans)
        .collect()
}

fn body(request: &RecordedRequest) -> Vec<u8> {
    let mut body = Vec::new();
    match request.header("content-encoding") {
        Some("gzip") => GzDecoder::new(request.body.as_slice()).read_to_end(&mut body),
        _ => request.body.as_slice().read_to_end(&mut body),
    }
    .unwrap();
    body
}

fn metrics(requests: &[RecordedRequest]) -> Vec<String> {
    requests
        .iter()
        .filter(|request| request.path() == "/v1/metrics")
        .map(|request| ExportMetricsServiceRequest::decode(&*body(request)).unwrap())
        .flat_map(|message| message.resource_metrics)
        .flat_map(|resource| resource.scope_metrics)
        .flat_map(|scope| scope.metrics)
        .map(|metric| metric.name)
        .collect()
}

fn attribute(span: &Span, name: &str) -> Option<Value> {
    let found = span.attributes.iter().find(|each| each.key == name)?;
    found.value.as_ref()?.value.clone()
}

#[test]
fn a_collector_gets_every_call_and_nothing_that_was_said() {
    let double = OpenAiDouble::start();
    let (server, requests) = collector();
    let endpoint = server.url("/");
    let home = home(
        &double,
        &format!("[telemetry]\nendpoint = \"{endpoint}\"\n"),
    );
    let output = home.run(["chat", "work", CANARY]).with_code(0);
    assert_eq!(output.stdout, "Hello\n");
    assert!(!output.stderr.contains("warning"), "{output}");
    let mut ide = home.serve(Era::Modern);
    ide.call("chat", json!({"prompt": CANARY}));
    assert!(ide.close().status.success());

    let requests = requests.lock().unwrap();
    let all = spans(&requests);
    let (spans, served): (Vec<Span>, Vec<Span>) = all
        .into_iter()
        .partition(|span| span.name.starts_with("chat"));
    assert_eq!(spans.len(), 2);
    let [tool_call] = served
        .iter()
        .filter(|span| span.name == "tools/call chat")
        .collect::<Vec<_>>()[..]
    else {
        panic!("{served:?}");
    };
    assert_eq!(spans[1].parent_span_id, tool_call.span_id);
    assert_eq!(spans[1].trace_id, tool_call.trace_id);
    let rows = home.history();
    for (span, row) in spans.iter().zip(rows.iter().rev()) {
        assert_eq!(span.name, format!("chat {}", OpenAiDouble::MODEL));
        let id = row["call_id"].as_str().unwrap().to_owned();
        assert_eq!(
            attribute(span, "synapse.call.id"),
            Some(Value::StringValue(id))
        );
        let tokens = row["usage"]["prompt_tokens"].as_i64().unwrap();
        assert_eq!(
            attribute(span, "gen_ai.usage.input_tokens"),
            Some(Value::IntValue(tokens))
        );
    }
    let trace = spans[0].trace_id.iter().map(|byte| format!("{byte:02x}"));
    let id = rows[1]["call_id"].as_str().unwrap().replace('-', "");
    assert_eq!(trace.collect::<String>(), id, "a trace of its own");
    let tool = Some(Value::StringValue("chat".to_owned()));
    assert_eq!(attribute(&spans[0], "synapse.client.tool"), None);
    assert_eq!(attribute(&spans[1], "synapse.client.tool"), tool);
    let metrics = metrics(&requests);
    let of_terminal = [
        "gen_ai.client.token.usage",
        "gen_ai.client.operation.duration",
    ];
    let of_ide = [&of_terminal[..], &["mcp.server.operation.duration"]].concat();
    assert_eq!(metrics, [&of_terminal[..], &of_ide].concat());
    for request in requests.iter() {
        let sent = format!("{}{}", request.head, String::from_utf8_lossy(&request.body));
        for secret in [CANARY, OpenAiDouble::KEY, "Hello"] {
            assert!(!sent.contains(secret), "{sent}");
        }
    }
    assert_eq!(requests.len(), 4, "two signals for each of two processes");
}

/// A collector drops or refuses data that violates the protocol, so whatever it passes on was valid.
#[test]
fn a_real_collector_passes_on_the_spans_and_metrics_of_a_session() {
    let double = OpenAiDouble::start();
    let (sink, requests) = collector();
    let collector = OtlpCollector::forwarding_to(sink.url("").as_str().trim_end_matches('/'));
    let home = home(
        &double,
        &format!("[telemetry]\nendpoint = \"{}\"\n", collector.endpoint()),
    );
    let mut ide = home.serve(Era::Modern);
    ide.call("chat", json!({"prompt": CANARY}));
    let ended = ide.close();
    assert!(ended.status.success(), "{ended:?}");
    assert!(!ended.stderr.contains("warning"), "{ended:?}");
    sink.wait_for_requests(2);

    let requests = requests.lock().unwrap();
    let mut names: Vec<String> = spans(&requests).into_iter().map(|span| span.name).collect();
    names.sort_unstable();
    let chat = format!("chat {}", OpenAiDouble::MODEL);
    for expected in [chat.as_str(), "tools/call chat"] {
        assert!(names.iter().any(|name| name == expected), "{names:?}");
    }
    let row = &home.history()[0];
    let all = spans(&requests);
    let span = all.iter().find(|span| span.name == chat).unwrap();
    assert_eq!(
        attribute(span, "gen_ai.usage.output_tokens"),
        Some(Value::IntValue(
            row["usage"]["completion_tokens"].as_i64().unwrap()
        ))
    );
    assert!(
        metrics(&requests).contains(&"mcp.server.operation.duration".to_owned()),
        "{:?}",
        metrics(&requests)
    );
}

#[test]
fn a_dead_collector_is_one_warning_and_costs_no_call() {
    let double = OpenAiDouble::start();
    let port = ClosedPort::new();
    let endpoint = format!(
        "[telemetry]\nendpoint = \"http://127.0.0.1:{}\"\n",
        port.port()
    );
    let home = home(&double, &endpoint);
    let output = home.run(["chat", "work", "hello"]).with_code(0);
    assert_eq!(output.stdout, "Hello\n");
    assert_eq!(output.stderr.matches("warning[").count(), 1, "{output}");
    assert!(
        output.stderr.contains("warning[telemetry.not-delivered]"),
        "{output}"
    );
    let mut ide = home.serve(Era::Modern);
    for _ in 0..3 {
        let result = ide.call("chat", json!({"prompt": "hello"}));
        assert_ne!(result["isError"], true, "{result}");
    }
    let ended = ide.close();
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(ended.stderr.matches("warning[").count(), 1, "{ended:?}");
    assert_eq!(home.history().len(), 4);
}

#[test]
fn without_the_table_or_with_a_wrong_one_nothing_is_sent() {
    let double = OpenAiDouble::start();
    let silent = home(&double, "");
    let output = silent.run(["chat", "work", "hello"]).with_code(0);
    assert!(!output.stderr.contains("warning["), "{output}");
    let wrong = home(
        &double,
        "[telemetry]\nendpoint = \"http://collector.example:4318\"\n",
    );
    let output = wrong.run(["chat", "work", "hello"]).with_code(0);
    assert_eq!(output.stdout, "Hello\n");
    assert!(
        output.stderr.contains("warning[endpoint.invalid-url]"),
        "{output}"
    );
}

#[test]
fn what_is_not_sent_needs_no_collector() {
    let double = OpenAiDouble::start();
    let (server, requests) = collector();
    let home = home(
        &double,
        &format!("[telemetry]\nendpoint = \"{}\"\n", server.url("/")),
    );
    home.run(["usage"]).with_code(0);
    home.run(["history", "export"]).with_code(0);
    home.run(["connection", "list"]).with_code(0);
    assert_eq!(requests.lock().unwrap().len(), 0);
}
