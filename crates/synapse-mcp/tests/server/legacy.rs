//! The era of `initialize`: 2024-11-05 to 2025-11-25.

use serde_json::{Value, json};

use crate::support::{Client, RAW, TOOLS, call, introduction, text_result};

const LEGACY: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

#[tokio::test(start_paused = true)]
async fn initialize_agrees_on_every_legacy_revision() {
    for version in LEGACY {
        let mut client = Client::start();
        let reply = client.request(0, "initialize", introduction(version)).await;
        assert_eq!(
            reply["result"],
            json!({
                "protocolVersion": version,
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "synapse", "title": "Synapse", "version": "0.1.0"},
                "instructions": "Ask.",
            })
        );
    }
}

#[tokio::test(start_paused = true)]
async fn initialize_offers_the_newest_legacy_revision_for_any_other() {
    for version in ["2026-07-28", "2099-01-01", "1999-01-01", "draft", ""] {
        let mut client = Client::start();
        let reply = client.request(0, "initialize", introduction(version)).await;
        assert_eq!(
            reply["result"]["protocolVersion"], "2025-11-25",
            "{version}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_lists_and_calls_in_the_legacy_shape() {
    for version in LEGACY {
        let mut client = Client::start_legacy(version).await;
        client.send_request(1, "tools/list", json!({})).await;
        assert_eq!(
            client.line().await.unwrap(),
            format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"tools":{TOOLS}}}}}"#)
        );
        let reply = client
            .request(2, "tools/call", call("echo", json!({"text": "hi"})))
            .await;
        assert_eq!(reply["result"], text_result("hi"));
        assert_eq!(client.finish().await, Vec::<Value>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_raw_result_passes_byte_for_byte() {
    let mut client = Client::start_legacy("2025-11-25").await;
    client
        .send_request(1, "tools/call", call("raw", json!({})))
        .await;
    assert_eq!(
        client.line().await.unwrap(),
        format!(r#"{{"jsonrpc":"2.0","id":1,"result":{RAW}}}"#)
    );
}

#[tokio::test(start_paused = true)]
async fn a_host_knows_the_client_of_the_session() {
    let mut client = Client::start_legacy("2025-06-18").await;
    let params = json!({
        "name": "who",
        "arguments": {"z": 1, "a": 2},
        "task": {"ttl": 1},
        "_meta": {"progressToken": 7, "traceparent": "00-1"},
    });
    let reply = client.request(1, "tools/call", params).await;
    assert_eq!(
        reply["result"]["structuredContent"],
        json!({
            "revision": "2025-06-18",
            "name": "legacy-ide",
            "version": "1.2",
            "info": {"name": "legacy-ide", "version": "1.2", "vendor": "x"},
            "capabilities": {"roots": {"listChanged": true}, "experimental": {"odd": true}},
            "meta": {"progressToken": 7, "traceparent": "00-1"},
            "arguments": {"z": 1, "a": 2},
            "extra": {"task": {"ttl": 1}},
            "progress": true,
        })
    );
}

/// Multi-threaded, so that tasks do not run in order of creation.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_call_may_follow_initialize_at_once() {
    for _ in 0..50 {
        let mut client = Client::start();
        client
            .send_request(0, "initialize", introduction("2025-11-25"))
            .await;
        client
            .send_line(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
            .await;
        client
            .send_request(1, "tools/call", call("echo", json!({"text": "hi"})))
            .await;
        let mut replies = [client.receive().await, client.receive().await];
        replies.sort_by_key(|reply| reply["id"].as_i64());
        let [_, reply] = replies;
        assert_eq!(reply["result"], text_result("hi"), "{reply}");
    }
}

#[tokio::test(start_paused = true)]
async fn before_initialize_only_ping_and_initialize_are_answered() {
    let mut client = Client::start();
    client.expect_silence().await;
    for method in ["tools/list", "tools/call"] {
        let reply = client.request(1, method, call("echo", json!({}))).await;
        assert_eq!(reply["error"]["code"], -32602, "{reply}");
    }
    let reply = client
        .request(2, "initialize", introduction("2025-11-25"))
        .await;
    assert!(reply["result"].is_object(), "{reply}");
    let reply = client.request(3, "tools/list", json!({})).await;
    assert!(reply["result"].is_object(), "{reply}");
}

#[tokio::test(start_paused = true)]
async fn initialize_again_starts_over() {
    let mut client = Client::start_legacy("2024-11-05").await;
    let reply = client
        .request(1, "initialize", introduction("2025-11-25"))
        .await;
    assert_eq!(reply["result"]["protocolVersion"], "2025-11-25");
    let reply = client
        .request(2, "tools/call", call("who", json!({})))
        .await;
    assert_eq!(
        reply["result"]["structuredContent"]["revision"],
        "2025-11-25"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_not_advertised_is_not_served() {
    let mut client = Client::start_legacy("2025-11-25").await;
    for method in [
        "logging/setLevel",
        "resources/list",
        "prompts/list",
        "completion/complete",
        "subscriptions/listen",
        "tasks/get",
        "no/such/method",
    ] {
        let reply = client.request(1, method, json!({})).await;
        assert_eq!(reply["error"]["code"], -32601, "{reply}");
    }
}

#[tokio::test(start_paused = true)]
async fn malformed_introductions_are_invalid_parameters() {
    let whole = introduction("2025-11-25");
    for (member, value) in [
        ("protocolVersion", json!(20_251_125)),
        ("protocolVersion", Value::Null),
        ("capabilities", json!([])),
        ("capabilities", Value::Null),
        ("clientInfo", json!("ide")),
        ("clientInfo", json!(["ide"])),
    ] {
        let mut client = Client::start();
        let mut params = whole.clone();
        params[member] = value;
        let reply = client.request(1, "initialize", params).await;
        assert_eq!(reply["error"]["code"], -32602, "{member}: {reply}");
        let reply = client.request(2, "initialize", whole.clone()).await;
        assert!(reply["result"].is_object(), "{reply}");
    }
}

/// Some clients omit required members; client info decides nothing.
#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_say_who_it_is_is_served() {
    for info in [
        Value::Null,
        json!({}),
        json!({"name": "ide"}),
        json!({"version": "1"}),
        json!({"name": "ide", "version": null}),
        json!({"name": 7, "version": 2.1}),
    ] {
        let mut client = Client::start();
        let mut params = introduction("2025-11-25");
        params["clientInfo"] = info.clone();
        let reply = client.request(1, "initialize", params).await;
        assert_eq!(reply["result"]["protocolVersion"], "2025-11-25", "{info}");
    }
    let mut client = Client::start();
    let mut params = introduction("2025-11-25");
    drop(params.as_object_mut().unwrap().remove("clientInfo"));
    let reply = client.request(1, "initialize", params).await;
    assert!(reply["result"].is_object(), "{reply}");
}
