//! The era without sessions: 2026-07-28.

use serde_json::{Value, json};

use crate::support::{Client, RAW, TOOLS, call, introduction, modern, modern_meta, text_result};

const ALL: [&str; 5] = [
    "2024-11-05",
    "2025-03-26",
    "2025-06-18",
    "2025-11-25",
    "2026-07-28",
];

fn server_info() -> Value {
    let info = json!({"name": "synapse", "title": "Synapse", "version": "0.1.0"});
    json!({"io.modelcontextprotocol/serverInfo": info})
}

#[tokio::test(start_paused = true)]
async fn discover_says_what_the_server_is() {
    let mut client = Client::start();
    let reply = client
        .request("d", "server/discover", modern(json!({})))
        .await;
    assert_eq!(
        reply["result"],
        json!({
            "resultType": "complete",
            "supportedVersions": ALL,
            "capabilities": {"tools": {}},
            "instructions": "Ask.",
            "ttlMs": 0,
            "cacheScope": "private",
            "_meta": server_info(),
        })
    );
}

#[tokio::test(start_paused = true)]
async fn a_first_request_needs_no_discover() {
    let mut client = Client::start();
    client
        .send_request(1, "tools/list", modern(json!({})))
        .await;
    assert_eq!(
        client.line().await.unwrap(),
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"result":{{"tools":{TOOLS},"ttlMs":5000,"cacheScope":"public","resultType":"complete","_meta":{}}}}}"#,
            server_info()
        )
    );
}

#[tokio::test(start_paused = true)]
async fn every_result_is_typed_and_names_the_server() {
    let mut client = Client::start();
    let reply = client
        .request(1, "tools/call", modern(call("echo", json!({"text": "hi"}))))
        .await;
    let mut expected = text_result("hi");
    expected["resultType"] = json!("complete");
    expected["_meta"] = server_info();
    assert_eq!(reply["result"], expected);

    let reply = client
        .request(2, "tools/call", modern(call("raw", json!({}))))
        .await;
    let mut expected: Value = serde_json::from_str(RAW).unwrap();
    expected["resultType"] = json!("complete");
    expected["_meta"] = server_info();
    assert_eq!(reply["result"], expected);

    let reply = client
        .request(3, "tools/call", modern(call("input-required", json!({}))))
        .await;
    assert_eq!(reply["result"]["resultType"], "input_required");
    assert_eq!(reply["result"]["requestState"], "s");
}

#[tokio::test(start_paused = true)]
async fn a_host_knows_the_client_of_the_request() {
    let mut client = Client::start_legacy("2025-11-25").await;
    let mut params = modern(call("who", json!({})));
    params["inputResponses"] = json!({"k": {}});
    params["requestState"] = json!("s");
    let reply = client.request(1, "tools/call", params).await;
    assert_eq!(
        reply["result"]["structuredContent"],
        json!({
            "revision": "2026-07-28",
            "name": "modern-ide",
            "version": "2.0",
            "info": {"name": "modern-ide", "version": "2.0"},
            "capabilities": {"experimental": {"odd": true}},
            "meta": modern_meta(),
            "arguments": {},
            "extra": {"inputResponses": {"k": {}}, "requestState": "s"},
            "progress": false,
        })
    );
}

#[tokio::test(start_paused = true)]
async fn an_unsupported_version_is_refused_with_those_supported() {
    let mut client = Client::start();
    for method in ["server/discover", "tools/list", "tools/call"] {
        let mut params = modern(call("echo", json!({})));
        params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2027-01-01");
        let reply = client.request(1, method, params).await;
        assert_eq!(reply["error"]["code"], -32022, "{reply}");
        assert_eq!(
            reply["error"]["data"],
            json!({"supported": ALL, "requested": "2027-01-01"})
        );
    }
}

#[tokio::test(start_paused = true)]
async fn lacking_metadata_is_an_invalid_parameter() {
    let version = "io.modelcontextprotocol/protocolVersion";
    let capabilities = "io.modelcontextprotocol/clientCapabilities";
    let mut client = Client::start();
    for meta in [
        json!({}),
        json!({version: "2026-07-28"}),
        json!({capabilities: {}}),
        json!({version: "2026-07-28", capabilities: []}),
        json!({version: "2026-07-28", capabilities: null}),
        json!({version: 20_260_728, capabilities: {}}),
        json!("no object"),
    ] {
        for method in ["server/discover", "tools/list", "tools/call"] {
            let mut params = call("echo", json!({}));
            params["_meta"] = meta.clone();
            let reply = client.request(1, method, params).await;
            assert_eq!(reply["error"]["code"], -32602, "{method} {meta}: {reply}");
        }
    }
    let reply = client.request(2, "server/discover", json!({})).await;
    assert_eq!(reply["error"]["code"], -32602, "{reply}");
}

#[tokio::test(start_paused = true)]
async fn client_info_may_be_absent() {
    let mut client = Client::start();
    let mut params = modern(call("who", json!({})));
    params["_meta"]
        .as_object_mut()
        .unwrap()
        .remove("io.modelcontextprotocol/clientInfo");
    let reply = client.request(1, "tools/call", params).await;
    assert_eq!(reply["result"]["structuredContent"]["name"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn what_the_revision_removed_is_an_unknown_method() {
    let mut client = Client::start();
    for method in [
        "initialize",
        "ping",
        "logging/setLevel",
        "resources/subscribe",
        "no/such/method",
    ] {
        let reply = client
            .request(1, method, modern(json!({"level": "info"})))
            .await;
        assert_eq!(reply["error"]["code"], -32601, "{method}: {reply}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_process_serves_both_eras() {
    let mut client = Client::start();
    let reply = client
        .request(1, "server/discover", modern(json!({})))
        .await;
    assert!(reply["result"].is_object(), "{reply}");
    let reply = client.request(2, "tools/list", modern(json!({}))).await;
    assert_eq!(reply["result"]["resultType"], "complete");
    // A dual-era client that timed out on the probe cancels it and falls back.
    client.cancel(1).await;
    let reply = client
        .request(3, "initialize", introduction("2025-11-25"))
        .await;
    assert_eq!(reply["result"]["protocolVersion"], "2025-11-25");
    client
        .send_line(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        .await;
    let reply = client
        .request(4, "tools/call", call("echo", json!({"text": "old"})))
        .await;
    assert_eq!(reply["result"], text_result("old"));
    let reply = client
        .request(
            5,
            "tools/call",
            modern(call("echo", json!({"text": "new"}))),
        )
        .await;
    assert_eq!(reply["result"]["resultType"], "complete");
    client.expect_silence().await;
}
