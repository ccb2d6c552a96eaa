//! Input that Anthropic's API cannot represent is refused by name, before a socket is opened.

use serde_json::{Value, json};
use synapse_core::chat::{ChatRequest, Image, Message, Parameters, Part, Role};
use synapse_core::error::{Code, Failure, Remedy};
use synapse_testkit::provider_doubles::AnthropicDouble;

use crate::anthropic_requests::{MODEL, hello, request};
use crate::bench::{Bench, draft};

/// The refusal of a request; fails if a socket is opened.
async fn refusal(request: &ChatRequest) -> Failure {
    let double = AnthropicDouble::start();
    let draft = draft("anthropic", MODEL, &double.base_url());
    let bench = Bench::new(&draft, AnthropicDouble::KEY);
    let failure = bench.provider.check(request).unwrap_err();
    assert_eq!(failure.code(), Code::UsageInvalidArguments);
    let exchanged = bench.chat(request).await;
    assert_eq!(exchanged.outcome.unwrap_err(), failure);
    assert_eq!(exchanged.exchange.attempts, 0);
    assert_eq!(double.server().accepts(), 0);
    failure
}

async fn refused_parameter(parameters: Parameters) -> (String, String) {
    let failure = refusal(&request(hello(), parameters)).await;
    (
        failure.context()["argument"].clone(),
        failure.message().to_owned(),
    )
}

#[tokio::test]
async fn parameters_without_a_place_are_refused_by_name() {
    let none = Parameters::default;
    let schema = |format: Value| Parameters {
        response_format: Some(json!({"type": "json_schema", "json_schema": format})),
        ..none()
    };
    let tool = |tool: Value| Parameters {
        tools: vec![
            json!({"type": "function", "function": {"name": "a", "parameters": {}}}),
            tool,
        ],
        ..none()
    };
    let choice = |choice: Value| Parameters {
        tool_choice: Some(choice),
        ..none()
    };
    let function = |function: Value| tool(json!({"type": "function", "function": function}));
    for (argument, words, parameters) in [
        (
            "seed",
            "does not support `seed`",
            Parameters {
                seed: Some(7),
                ..none()
            },
        ),
        (
            "verbosity",
            "does not support",
            Parameters {
                verbosity: Some("low".into()),
                ..none()
            },
        ),
        (
            "frequency_penalty",
            "does not support",
            Parameters {
                frequency_penalty: Some(0.0),
                ..none()
            },
        ),
        (
            "presence_penalty",
            "does not support",
            Parameters {
                presence_penalty: Some(0.1),
                ..none()
            },
        ),
        (
            "response_format",
            "of a type",
            Parameters {
                response_format: Some(json!({"type": "json_object"})),
                ..none()
            },
        ),
        (
            "response_format",
            "no place for response_format.schema",
            Parameters {
                response_format: Some(json!({"type": "text", "schema": {}})),
                ..none()
            },
        ),
        (
            "response_format",
            "has no schema",
            schema(json!({"name": "a"})),
        ),
        (
            "response_format",
            "can only be true",
            schema(json!({"schema": {}, "strict": false})),
        ),
        (
            "response_format",
            "json_schema.description",
            schema(json!({"schema": {}, "description": "x"})),
        ),
        (
            "tools",
            "tools[1] is not a function",
            tool(json!({"type": "custom", "custom": {"name": "sql"}})),
        ),
        (
            "tools",
            "no place for cache",
            tool(json!({"type": "function", "cache": 1, "function": {}})),
        ),
        (
            "tools",
            "function.name is missing",
            function(json!({"parameters": {}})),
        ),
        (
            "tools",
            "function.parameters is missing",
            function(json!({"name": "b"})),
        ),
        (
            "tools",
            "no place for function.examples",
            function(json!({"name": "b", "parameters": {}, "examples": []})),
        ),
        (
            "tools",
            "description is not text",
            function(json!({"name": "b", "parameters": {}, "description": 1})),
        ),
        (
            "tools",
            "neither true nor false",
            function(json!({"name": "b", "parameters": {}, "strict": 1})),
        ),
        (
            "tool_choice",
            "no such tool_choice",
            choice(json!("sometimes")),
        ),
        (
            "tool_choice",
            "no such tool_choice",
            choice(json!({"type": "allowed_tools"})),
        ),
        (
            "tool_choice",
            "no such tool_choice",
            choice(json!({"type": "function", "function": {"name": "a", "more": 1}})),
        ),
        (
            "parallel_tool_calls",
            "means nothing",
            Parameters {
                parallel_tool_calls: Some(false),
                ..choice(json!("none"))
            },
        ),
    ] {
        let (named, message) = refused_parameter(parameters).await;
        assert_eq!(named, argument, "{message}");
        assert!(message.contains(words), "{argument}: {message}");
    }
}

#[tokio::test]
async fn messages_without_a_place_are_refused_with_their_place() {
    let image = |url: &str| json!([{"type": "image_url", "image_url": {"url": url}}]);
    let call = |call: Value| json!([{"role": "assistant", "tool_calls": [call]}]);
    let function = |arguments: &str| {
        call(
            json!({"id": "c", "type": "function", "function": {"name": "a", "arguments": arguments}}),
        )
    };
    for (words, messages) in [
        (
            "no message besides the instructions",
            json!([{"role": "system", "content": "Hi"}]),
        ),
        (
            "messages[1] names its speaker",
            json!([
            {"role": "system", "content": "Hi"}, {"role": "user", "content": "Hi", "name": "ada"}]),
        ),
        (
            "messages[0] names its speaker",
            json!([
            {"role": "system", "content": "Hi", "name": "ada"}, {"role": "user", "content": "Hi"}]),
        ),
        (
            "messages[0] has an image; instructions are text",
            json!([
            {"role": "developer", "content": image("https://example.com/a.png")},
            {"role": "user", "content": "Hi"}]),
        ),
        (
            "messages[1] has an image; instructions are text",
            json!([
            {"role": "user", "content": "Hi"},
            {"role": "system", "content": image("https://example.com/a.png")}]),
        ),
        (
            "has an image at an http:// URL",
            json!([
            {"role": "user", "content": image("http://127.0.0.1:9/b.webp")}]),
        ),
        (
            "data: URL has parameters",
            json!([
            {"role": "user", "content": image("data:image/svg+xml;charset=utf-8;base64,PHN2Zz4=")}]),
        ),
        (
            "(`detail`)",
            json!([{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}}]}]),
        ),
        (
            "tool_calls[0]: its arguments are not a JSON object",
            function("{\"city\":"),
        ),
        ("its arguments are not a JSON object", function("")),
        ("its arguments are not a JSON object", function("[1]")),
        (
            "is not a call of a function",
            call(json!({"id": "c", "type": "custom", "custom": {"name": "sql"}})),
        ),
        (
            "id is missing",
            call(
                json!({"id": null, "type": "function", "function": {"name": "a", "arguments": "{}"}}),
            ),
        ),
        (
            "function.name is missing",
            call(json!({"id": "c", "type": "function", "function": {"arguments": "{}"}})),
        ),
        (
            "function.arguments is missing",
            call(
                json!({"id": "c", "type": "function", "function": {"name": "a", "arguments": {}}}),
            ),
        ),
        (
            "no place for extra_content",
            call(json!({"id": "c", "type": "function", "extra_content": 1,
            "function": {"name": "a", "arguments": "{}"}})),
        ),
        (
            "no place for function.more",
            call(json!({"id": "c", "type": "function",
            "function": {"name": "a", "arguments": "{}", "more": 1}})),
        ),
    ] {
        let failure = refusal(&request(messages, Parameters::default())).await;
        assert_eq!(failure.context()["argument"], "messages", "{failure:?}");
        assert!(
            failure.message().contains(words),
            "{words}: {}",
            failure.message()
        );
    }
}

#[tokio::test]
async fn a_cap_is_asked_for_and_never_made_up() {
    let uncapped = ChatRequest {
        model: MODEL.parse().unwrap(),
        messages: vec![Message::parts(
            Role::User,
            vec![Part::Image(Image {
                url: "https://example.com/a.png".parse().unwrap(),
                detail: None,
            })],
        )],
        parameters: Parameters::default(),
    };
    let failure = refusal(&uncapped).await;
    assert_eq!(failure.context()["argument"], "max_tokens");
    let cap = Remedy::CapAnswers {
        connection: "bench".parse().unwrap(),
        max_tokens: 4096,
    };
    let remedy = failure.hints().iter().find_map(|hint| hint.remedy.clone());
    assert_eq!(remedy, Some(cap));
}
