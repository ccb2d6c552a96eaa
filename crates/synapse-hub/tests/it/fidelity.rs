//! Everything passes unchanged, except for documented exceptions.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use synapse_mcp::client::Outgoing;
use synapse_mcp::host::Progress;

use crate::support::{Answer, Script, World, object};

fn tools() -> Vec<Value> {
    vec![json!({"name": "read", "inputSchema": {"type": "object", "x-mcp": 1}})]
}

/// An upstream that records its requests.
fn recording(script: Script) -> (Script, Arc<Mutex<Vec<Outgoing>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let script = script.answering(move |outgoing| -> Answer {
        sink.lock().unwrap().push(outgoing);
        Box::pin(async { Ok(object(json!({"content": []}))) })
    });
    (script, seen)
}

#[tokio::test]
async fn a_result_passes_with_all_that_it_has() {
    let result = json!({
        "content": [{"type": "hologram", "z": 1, "a": [1.5, 12_345_678_901_234_567_890_u64]}],
        "structuredContent": {"b": null},
        "vendor": {"z": 1, "a": "\u{e9}\u{1F600}"},
        "_meta": {"x/y": true},
    });
    let world = World::new().with(Script::legacy("files", tools()).saying(result.clone()));
    let mut ide = world.legacy(json!({})).await;
    let passed = ide.call("files__read", json!({})).await;
    assert_eq!(passed.to_string(), result.to_string());
}

#[tokio::test]
async fn structured_content_that_is_no_object_is_for_modern_ides_alone() {
    for value in [json!(null), json!([1]), json!("text")] {
        let result = json!({"content": [], "structuredContent": value});
        let world = World::new().with(Script::legacy("files", tools()).saying(result));
        let passed = world.modern(json!({})).call("files__read", json!({})).await;
        assert_eq!(passed.get("structuredContent"), Some(&value));
        let mut legacy = world.legacy(json!({})).await;
        let passed = legacy.call("files__read", json!({})).await;
        assert_eq!(passed, json!({"content": []}));
    }
}

#[tokio::test]
async fn caching_hints_of_a_result_do_not_pass() {
    let result = json!({"contents": [], "ttlMs": 99, "cacheScope": "public"});
    let script = Script::modern("files", tools())
        .list(
            "resources",
            "resources/list",
            vec![json!({"uri": "a:1", "name": "a"})],
        )
        .saying(result);
    let world = World::new().with(script);
    let read = world
        .modern(json!({}))
        .result("resources/read", json!({"uri": "a:1"}))
        .await;
    assert_eq!(
        (&read["ttlMs"], &read["cacheScope"]),
        (&json!(0), &json!("private"))
    );
    let mut legacy = world.legacy(json!({})).await;
    let read = legacy.result("resources/read", json!({"uri": "a:1"})).await;
    assert_eq!(read, json!({"contents": []}));
}

#[tokio::test]
async fn a_large_result_passes() {
    let text = "x".repeat(2_000_000);
    let result = json!({"content": [{"type": "text", "text": text}]});
    let world = World::new().with(Script::legacy("files", tools()).saying(result.clone()));
    let mut ide = world.legacy(json!({})).await;
    assert_eq!(ide.call("files__read", json!({})).await, result);
}

#[tokio::test]
async fn meta_passes_without_what_belongs_to_the_protocol() {
    let (script, seen) = recording(Script::modern("files", tools()));
    let world = World::new().with(script);
    let mut ide = world.modern(json!({}));
    let params = json!({
        "name": "files__read",
        "arguments": {"z": 1, "a": 2},
        "vendorParameter": [1],
        "_meta": {
            "progressToken": "p",
            "traceparent": "00-1",
            "vendor/key": {"a": 1},
            "io.modelcontextprotocol/logLevel": "debug",
        },
    });
    ide.result("tools/call", params).await;
    let seen = seen.lock().unwrap();
    assert_eq!(
        Value::Object(seen[0].meta.clone()),
        json!({
            "traceparent": "00-1",
            "vendor/key": {"a": 1},
            "io.modelcontextprotocol/logLevel": "debug",
        })
    );
    assert_eq!(
        Value::Object(seen[0].params.clone()).to_string(),
        r#"{"name":"read","arguments":{"z":1,"a":2},"vendorParameter":[1]}"#
    );
    assert_eq!(
        seen[0].input_schema,
        Some(json!({"type": "object", "x-mcp": 1}))
    );
    assert!(seen[0].progress.is_some());
}

#[tokio::test]
async fn progress_passes_under_the_token_of_the_ide_with_its_type() {
    let script = Script::legacy("files", tools()).answering(|outgoing| -> Answer {
        Box::pin(async move {
            let report = json!({"progress": 1, "total": 2, "message": "half", "vendor": 1});
            let reporter = outgoing.progress.unwrap();
            reporter.report(Progress::from_object(object(report)));
            Ok(object(json!({"content": []})))
        })
    });
    let world = World::new().with(script);
    for token in [json!("text"), json!(7)] {
        let mut ide = world.legacy(json!({})).await;
        let params = json!({"name": "files__read", "_meta": {"progressToken": token}});
        ide.result("tools/call", params).await;
        assert_eq!(
            ide.heard.last().unwrap()["params"],
            json!({"progress": 1, "total": 2, "message": "half", "vendor": 1,
                   "progressToken": token})
        );
    }
}

#[tokio::test]
async fn no_progress_is_asked_for_when_nobody_wants_it() {
    let (script, seen) = recording(Script::legacy("files", tools()));
    let world = World::new().with(script);
    world.modern(json!({})).call("files__read", json!({})).await;
    assert!(seen.lock().unwrap()[0].progress.is_none());
}

#[tokio::test]
async fn log_messages_of_a_call_pass_at_the_level_that_is_wanted() {
    let mut script = Script::legacy("files", tools()).answering(|outgoing| -> Answer {
        Box::pin(async move {
            if outgoing.method == "tools/call" {
                let hook = outgoing.questions.unwrap();
                for level in ["debug", "error"] {
                    let log = json!({"level": level, "data": {"x": [1]}, "vendor": 1});
                    hook.heard("notifications/message", object(log));
                }
            }
            Ok(object(json!({"content": []})))
        })
    });
    script.capabilities["logging"] = json!({});
    let world = World::new().with(script);
    let mut ide = world.legacy(json!({})).await;
    ide.call("files__read", json!({})).await;
    let level = |message: &Value| message["params"]["level"].clone();
    let heard: Vec<_> = ide.heard.drain(..).map(|each| level(&each)).collect();
    assert_eq!(heard, ["error"]);
    ide.result("logging/setLevel", json!({"level": "debug"}))
        .await;
    ide.call("files__read", json!({})).await;
    let heard: Vec<_> = ide.heard.iter().map(level).collect();
    assert_eq!(heard, ["debug", "error"]);
    assert_eq!(ide.heard[0]["params"]["vendor"], 1);
    let methods: Vec<_> = world
        .connector
        .requests()
        .into_iter()
        .map(|each| each.1)
        .collect();
    assert_eq!(methods, ["tools/call", "logging/setLevel", "tools/call"]);
}

#[tokio::test]
async fn an_app_reaches_the_one_tool_of_its_bare_name() {
    let hidden = json!({"name": "refresh", "_meta": {"ui": {"visibility": ["app"]}}});
    let model = json!({"name": "think", "_meta": {"ui": {"visibility": ["model"]}}});
    let world = World::new()
        .with(Script::legacy("one", vec![hidden, json!({"name": "both"})]))
        .with(Script::legacy("two", vec![model, json!({"name": "both"})]));
    let ui = json!({"extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html"]}}});
    let mut app = world.modern(ui);
    let result = app.call("refresh", json!({})).await;
    assert!(
        result["content"][0]["text"]
            .as_str()
            .unwrap()
            .starts_with("one: ")
    );
    let several = app.call("both", json!({})).await;
    let message = several["structuredContent"]["error"]["message"]
        .as_str()
        .unwrap();
    assert!(message.contains("one__both, two__both"), "{message}");
    let not_for_apps = app.ask("tools/call", json!({"name": "think"})).await;
    assert_eq!(not_for_apps["error"]["code"], -32602);
    let mut plain = world.modern(json!({}));
    let unknown = plain.ask("tools/call", json!({"name": "refresh"})).await;
    assert_eq!(unknown["error"]["code"], -32602);
    let listed = crate::support::names(&plain.tools().await);
    assert_eq!(
        listed,
        ["one__both", "two__think", "two__both", "hub_status"]
    );
}
