//! Failures: for the model, for the client, and the mapping of upstream errors.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use synapse_core::error::{Code, Failure, Remedy};
use synapse_mcp::client::{CallError, MayHaveRun, RpcError};

use crate::support::{Script, World, object};

fn tools() -> Vec<Value> {
    vec![json!({"name": "read"})]
}

async fn error_of(error: CallError) -> Value {
    let script = Script::legacy("files", tools()).answering(move |_| {
        let error = error.clone();
        Box::pin(async move { Err(error) })
    });
    let world = World::new().with(script);
    let mut ide = world.modern(json!({}));
    let result = ide.call("files__read", json!({})).await;
    assert_eq!(result["isError"], true);
    assert_eq!(result["structuredContent"]["schema"], "synapse.error/1");
    assert_eq!(world.connector.requests().len(), 1);
    // A start, then the call: each is heard of twice.
    assert_eq!(
        world.heard.events(),
        ["began call", "began start", "ended ok", "ended error"]
    );
    result["structuredContent"]["error"].clone()
}

fn http(status: u16, header: (&str, &str), body: &str) -> CallError {
    CallError::Http {
        status,
        headers: vec![(header.0.to_owned(), header.1.to_owned())],
        body: body.to_owned(),
    }
}

#[tokio::test]
async fn each_way_to_fail_has_its_code() {
    let refused = Failure::new(Code::TransportRefused, "refused");
    let carrier = CallError::Carrier {
        source: Arc::new(refused),
        may_have_run: MayHaveRun::No,
    };
    for (error, code, may_have_run) in [
        (
            CallError::Timeout {
                waited: Duration::from_secs(300),
            },
            "upstream.timeout",
            "yes",
        ),
        (
            CallError::Protocol { what: "x" },
            "upstream.protocol",
            "yes",
        ),
        (
            CallError::TooLarge {
                cap: 1,
                unit: "bytes",
            },
            "upstream.too-large",
            "yes",
        ),
        (CallError::Interrupted, "upstream.interrupted", "yes"),
        (CallError::SessionLost, "upstream.session-lost", "no"),
        (carrier, "transport.refused", "no"),
        (http(401, ("x", "y"), ""), "upstream.refused", "no"),
        (http(403, ("x", "y"), "no"), "upstream.refused", "no"),
        (
            http(429, ("retry-after", "7"), ""),
            "upstream.unavailable",
            "no",
        ),
        (http(503, ("x", "y"), "down"), "upstream.unavailable", "yes"),
        (
            http(302, ("location", "https://a.test"), ""),
            "upstream.not-mcp",
            "no",
        ),
        (
            http(200, ("content-type", "text/html"), "<html>"),
            "upstream.not-mcp",
            "no",
        ),
        (http(404, ("x", "y"), ""), "upstream.not-mcp", "no"),
        (http(400, ("x", "y"), "bad"), "upstream.protocol", "no"),
    ] {
        let shown = error.to_string();
        let error = error_of(error).await;
        assert_eq!(error["code"], code, "{shown}");
        assert_eq!(error["context"]["may_have_run"], may_have_run, "{shown}");
        assert_eq!(error["context"]["server"], "files", "{shown}");
    }
}

#[tokio::test]
async fn an_upstreams_own_error_passes_unchanged() {
    let error = CallError::Rpc(RpcError {
        code: -32042,
        message: "a message".to_owned(),
        data: Some(json!({"b": [1, null]})),
    });
    let script = Script::legacy("files", tools()).answering(move |_| {
        let error = error.clone();
        Box::pin(async move { Err(error) })
    });
    let world = World::new().with(script);
    let mut ide = world.legacy(json!({})).await;
    let reply = ide
        .ask(
            "tools/call",
            json!({"name": "files__read", "arguments": {}}),
        )
        .await;
    assert_eq!(
        reply["error"],
        json!({"code": -32042, "message": "a message", "data": {"b": [1, null]}})
    );
}

#[tokio::test]
async fn a_read_that_fails_is_an_error_of_its_class() {
    let script = Script::legacy("files", tools())
        .list(
            "resources",
            "resources/list",
            vec![json!({"uri": "a:1", "name": "a"})],
        )
        .answering(|_| Box::pin(async { Err(CallError::Interrupted) }));
    let world = World::new().with(script);
    let mut ide = world.legacy(json!({})).await;
    let reply = ide.ask("resources/read", json!({"uri": "a:1"})).await;
    assert_eq!(reply["error"]["code"], 1011);
    assert_eq!(
        reply["error"]["data"]["error"]["code"],
        "upstream.interrupted"
    );
}

#[tokio::test]
async fn stderr_lines_and_bodies_are_cleaned() {
    let error = error_of(http(400, ("x", "y"), "bad\u{1b}[31m thing")).await;
    assert!(!error.to_string().contains("\\u001b"), "{error}");
    assert!(
        error["causes"][0].as_str().unwrap().contains("bad"),
        "{error}"
    );
}

#[tokio::test]
async fn a_tool_that_reports_a_failure_passes_as_it_is() {
    let result = json!({"content": [{"type": "text", "text": "no"}], "isError": true, "x": 1});
    let world = World::new().with(Script::legacy("files", tools()).saying(result.clone()));
    let mut ide = world.legacy(json!({})).await;
    assert_eq!(ide.call("files__read", json!({})).await, result);
}

#[tokio::test]
async fn a_kind_of_result_that_was_not_asked_for_is_refused() {
    let task = json!({"resultType": "task", "taskId": "1"});
    let world = World::new().with(Script::modern("files", tools()).saying(task));
    let mut ide = world.modern(json!({}));
    let result = ide.call("files__read", json!({})).await;
    assert_eq!(
        result["structuredContent"]["error"]["code"],
        "upstream.unsupported"
    );
}

#[tokio::test]
async fn a_tool_that_only_runs_as_a_task_is_refused_visibly() {
    let tool = json!({"name": "slow", "execution": {"taskSupport": "required"}});
    let world = World::new().with(Script::legacy("files", vec![tool]));
    let mut ide = world.modern(json!({}));
    let result = ide.call("files__slow", json!({})).await;
    assert_eq!(
        result["structuredContent"]["error"]["code"],
        "upstream.unsupported"
    );
    assert!(world.connector.requests().is_empty());
}

#[tokio::test]
async fn a_command_gets_the_failure_itself() {
    let world = World::new().with(Script::legacy("files", tools()));
    let hub = world.hub();
    let unknown = hub.call("nobody", "read", object(json!({}))).await;
    assert_eq!(unknown.unwrap_err().code(), Code::ConfigNotFound);
    let result = hub
        .call("files", "read", object(json!({"a": 1})))
        .await
        .unwrap();
    assert_eq!(
        result["content"][0]["text"],
        r#"files: {"name":"read","arguments":{"a":1}}"#
    );
}

#[tokio::test]
async fn a_refused_call_of_a_command_names_the_list_of_tools() {
    let script = Script::legacy("files", tools()).answering(|_| {
        let error = CallError::Rpc(RpcError {
            code: -32602,
            message: "unknown argument".to_owned(),
            data: None,
        });
        Box::pin(async move { Err(error) })
    });
    let world = World::new().with(script);
    let refused = world.hub().call("files", "read", object(json!({}))).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), Code::UpstreamProtocol);
    let server = "files".parse().unwrap();
    let remedy = Remedy::ListUpstreamTools { server };
    assert_eq!(refused.hints()[0].remedy, Some(remedy));
}

/// A hint that names a member without effect would not help.
#[tokio::test]
async fn a_timeout_names_the_member_that_sets_it() {
    let error = CallError::Timeout {
        waited: Duration::from_secs(300),
    };
    let failure = error_of(error).await;
    let hints = failure["hints"].to_string();
    assert!(hints.contains("`timeouts.call`"), "{failure}");
}
