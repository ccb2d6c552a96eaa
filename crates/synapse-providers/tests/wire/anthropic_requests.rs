//! Requests to Anthropic: golden bodies and headers.

use serde_json::{Value, json};
use synapse_core::chat::{ChatRequest, Parameters};
use synapse_testkit::raw::{RawServer, RecordedRequest, Reply};

use crate::bench::{Bench, draft};

const ANSWER: &str = r#"{"type":"message","content":[{"type":"text","text":"ok"}]}"#;
pub(crate) const MODEL: &str = "claude-opus-4-8";

async fn sent(request: ChatRequest) -> RecordedRequest {
    let server = RawServer::always(Reply::json(200, ANSWER));
    let bench = Bench::new(
        &draft("anthropic", MODEL, server.url("/v1").as_str()),
        "fake-token",
    );
    assert_eq!(bench.provider.check(&request), Ok(()));
    let exchanged = bench.chat(&request).await;
    assert_eq!(exchanged.outcome.unwrap().content.as_deref(), Some("ok"));
    assert_eq!((server.accepts(), server.heads()), (1, 1));
    let recorded = server.only_request();
    assert_eq!(exchanged.exchange.bytes_out, recorded.body.len() as u64);
    assert_eq!(
        (recorded.method(), recorded.target()),
        ("POST", "/v1/messages")
    );
    recorded
}

async fn is_golden(name: &str, request: ChatRequest) {
    let path = format!(
        "{}/tests/golden/anthropic/request-{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let golden = std::fs::read_to_string(&path).unwrap();
    let body = String::from_utf8(sent(request).await.body).unwrap();
    assert_eq!(body, golden.trim_end(), "{path}");
}

pub(crate) fn request(messages: Value, parameters: Parameters) -> ChatRequest {
    ChatRequest {
        model: MODEL.parse().unwrap(),
        messages: serde_json::from_value(messages).unwrap(),
        parameters: Parameters {
            max_tokens: Some(1024),
            ..parameters
        },
    }
}

pub(crate) fn hello() -> Value {
    json!([{"role": "user", "content": "Hi"}])
}

#[tokio::test]
async fn a_prompt_alone_is_sent_alone() {
    let prompt = json!([{"role": "user", "content": "Hello, Wörld \u{202e} \"quoted\"\n"}]);
    is_golden("prompt-only", request(prompt, Parameters::default())).await;
}

/// Instructions before the first turn form the system prompt, one block each; later ones stay in
/// place.
#[tokio::test]
async fn every_parameter_that_is_set_is_sent_in_the_apis_words() {
    let messages = json!([
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "text", "text": "Use"}, {"type": "text", "text": "metric units."}]},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "Bye"},
        {"role": "user", "content": "Really"},
        {"role": "developer", "content": "From here on, answer in French."},
        {"role": "assistant", "content": "Au"},
    ]);
    let parameters = Parameters {
        temperature: Some(0.0),
        top_p: Some(0.5),
        stop: vec!["END".into(), "\n\n".into()],
        reasoning_effort: Some("low".into()),
        service_tier: Some("standard_only".into()),
        response_format: Some(json!({"type": "json_schema", "json_schema": {
            "name": "answer", "strict": true, "schema": {
                "type": "object", "required": ["b", "a"], "additionalProperties": false,
                "properties": {"b": {"type": "number", "maximum": 1.0}, "a": {"const": null}}}}})),
        ..Parameters::default()
    };
    is_golden("everything", request(messages, parameters)).await;
}

#[tokio::test]
async fn images_are_blocks_with_their_source() {
    let messages = json!([
        {"role": "user", "content": [
            {"type": "text", "text": "What differs?"},
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png?x=1&y=%20"}},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
        ]},
        {"role": "assistant", "content": "The colour."},
        {"role": "user", "content": [{"type": "text", "text": "Sure?"}, {"type": "text", "text": "Look again."}]},
    ]);
    is_golden("images", request(messages, Parameters::default())).await;
}

/// With unusual member order and numbers that are easily altered.
const SCHEMA: &str = r#"{"type":"object","properties":{"z":{"type":"string"},"a":{"minimum":1.0,"maximum":18446744073709551615,"multipleOf":0.1,"default":2.638344616030823e-256}},"required":[]}"#;
/// A model's raw arguments: spaces, a duplicate key and an out-of-range number.
const ARGUMENTS: &str = r#"{ "city": "Ulm",  "city":"Ulm", "id": 123456789012345678901234567890 }"#;

/// Results of one turn's calls form one turn; the arguments are sent byte for byte.
#[tokio::test]
async fn tools_and_what_came_of_them_are_sent_as_given() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let messages = json!([
        {"role": "user", "content": "Weather in Ulm?"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"type": "function", "id": "toolu_1", "function": {"arguments": ARGUMENTS, "name": "weather"}},
            {"id": "toolu_2", "name": "time", "arguments": "{}"}]},
        {"role": "tool", "tool_call_id": "toolu_1", "content": "{\"celsius\": 21.0}"},
        {"role": "tool", "tool_call_id": "toolu_2", "content": [
            {"type": "text", "text": "noon"},
            {"type": "image_url", "image_url": {"url": "https://example.com/clock.png"}}]},
        {"role": "user", "content": "And now?"},
        {"role": "assistant", "content": "I look.", "tool_calls": [
            {"id": "toolu_3", "type": "function", "function": {"name": "time", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "toolu_3", "content": ""},
        {"role": "assistant", "content": "", "tool_calls": [
            {"id": "toolu_4", "type": "function", "function": {"name": "time", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "toolu_4", "content": "noon"},
    ]);
    let tools = vec![
        json!({"type": "function", "function": {"parameters": schema, "name": "weather",
            "description": "Wörld \"now\"", "strict": true}}),
        json!({"type": "function", "function": {"name": "time", "parameters": {}}}),
    ];
    let parameters = Parameters {
        tools,
        tool_choice: Some(json!({"type": "function", "function": {"name": "weather"}})),
        parallel_tool_calls: Some(false),
        ..Parameters::default()
    };
    let request = request(messages, parameters);
    let body = String::from_utf8(sent(request.clone()).await.body).unwrap();
    assert!(body.contains(&format!("\"input\":{ARGUMENTS}")), "{body}");
    assert!(
        body.contains(&format!("\"input_schema\":{SCHEMA}")),
        "{body}"
    );
    is_golden("tools", request).await;
}

#[tokio::test]
async fn a_choice_of_tools_is_sent_in_the_apis_words() {
    let none: Option<Value> = None;
    for (choice, parallel, expected) in [
        (none.clone(), None, Value::Null),
        (Some(json!("auto")), None, json!({"type": "auto"})),
        (Some(json!("none")), None, json!({"type": "none"})),
        (Some(json!("required")), None, json!({"type": "any"})),
        (
            Some(json!("required")),
            Some(true),
            json!({"type": "any", "disable_parallel_tool_use": false}),
        ),
        (
            none,
            Some(false),
            json!({"type": "auto", "disable_parallel_tool_use": true}),
        ),
    ] {
        let parameters = Parameters {
            tool_choice: choice.clone(),
            parallel_tool_calls: parallel,
            response_format: Some(json!({"type": "text"})),
            ..Parameters::default()
        };
        let body = sent(request(hello(), parameters)).await.json();
        assert_eq!(body["tool_choice"], expected, "{choice:?} {parallel:?}");
        assert_eq!(body["output_config"], Value::Null);
    }
}

#[tokio::test]
async fn the_key_is_in_its_own_header_and_nothing_else_is_sent() {
    let recorded = sent(request(hello(), Parameters::default())).await;
    let mut names: Vec<&str> = recorded.headers().map(|(name, _)| name).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "accept",
            "accept-encoding",
            "anthropic-version",
            "content-length",
            "content-type",
            "host",
            "user-agent",
            "x-api-key"
        ]
    );
    assert_eq!(recorded.header("x-api-key"), Some("fake-token"));
    assert_eq!(recorded.header("anthropic-version"), Some("2023-06-01"));
}
