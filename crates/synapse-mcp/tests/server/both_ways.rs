//! Server requests and log messages during a call.

use serde_json::json;

use crate::library::library;
use crate::support::{call, modern};

#[tokio::test(start_paused = true)]
async fn a_legacy_client_is_asked_and_answers_raw() {
    let (client, _changes) = library();
    let mut client = client.initialized("2025-11-25").await;
    client
        .send_request(1, "tools/call", call("ask", json!({})))
        .await;
    let line = client.line().await.unwrap();
    assert_eq!(
        line,
        r#"{"jsonrpc":"2.0","id":"synapse-0","method":"elicitation/create","params":{"z":1,"message":"sure?","a":1.0}}"#
    );
    // Neither an unrelated answer nor the same id with another type ends the wait.
    client
        .send(&json!({"jsonrpc": "2.0", "id": "synapse-9", "result": {}}))
        .await;
    client
        .send(&json!({"jsonrpc": "2.0", "id": 0, "result": {}}))
        .await;
    client.expect_silence().await;
    client
        .send_line(r#"{"jsonrpc":"2.0","id":"synapse-0","result":{"vendor":{"z":1,"a":18446744073709551615}}}"#)
        .await;
    let reply = client.receive().await;
    assert_eq!(
        reply["result"]["structuredContent"].to_string(),
        r#"{"vendor":{"z":1,"a":18446744073709551615}}"#
    );
    client
        .send(&json!({"jsonrpc": "2.0", "id": "synapse-0", "result": {}}))
        .await;
    client.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_client_reaches_the_host() {
    let (client, _changes) = library();
    let mut client = client.initialized("2025-11-25").await;
    for (error, told) in [
        (
            json!({"code": -32601, "message": "no", "data": {"z": 1}}),
            json!([-32601, "no", {"z": 1}]),
        ),
        (
            json!("odd"),
            json!([-32600, "the client's answer cannot be read", null]),
        ),
    ] {
        client
            .send_request(1, "tools/call", call("ask", json!({})))
            .await;
        let id = client.receive().await["id"].clone();
        client
            .send(&json!({"jsonrpc": "2.0", "id": id, "error": error}))
            .await;
        assert_eq!(client.receive().await["result"]["structuredContent"], told);
    }
}

#[tokio::test(start_paused = true)]
async fn a_modern_client_is_not_asked() {
    let (mut client, _changes) = library();
    let reply = client
        .request(1, "tools/call", modern(call("ask", json!({}))))
        .await;
    let told = "the client's protocol revision has no requests of a server";
    assert_eq!(reply["result"]["structuredContent"], told);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_withdraws_its_question_and_the_end_frees_the_rest() {
    let (client, _changes) = library();
    let mut client = client.initialized("2025-11-25").await;
    client
        .send_request(1, "tools/call", call("ask", json!({})))
        .await;
    client
        .send_request(2, "tools/call", call("ask", json!({})))
        .await;
    let first = client.receive().await;
    let second = client.receive().await;
    assert_eq!(
        (&first["id"], &second["id"]),
        (&json!("synapse-0"), &json!("synapse-1"))
    );
    client.cancel(1).await;
    let withdrawn = client.receive().await;
    assert_eq!(withdrawn["method"], "notifications/cancelled");
    assert_eq!(withdrawn["params"], json!({"requestId": "synapse-0"}));
    let rest = client.finish().await;
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert_eq!(rest[0]["result"]["structuredContent"], "the client is gone");
}

#[tokio::test(start_paused = true)]
async fn logs_come_as_the_client_wants_them() {
    let (client, _changes) = library();
    let mut client = client.initialized("2025-11-25").await;
    client
        .send_request(1, "tools/call", call("log", json!({})))
        .await;
    for level in ["info", "error"] {
        let params = json!({"level": level, "logger": "library", "data": {"at": level}});
        let message = client.receive().await;
        assert_eq!(message["method"], "notifications/message");
        assert_eq!(message["params"], params);
    }
    assert_eq!(client.receive().await["id"], 1);
    let reply = client
        .request(2, "logging/setLevel", json!({"level": "debug"}))
        .await;
    assert_eq!(reply["result"], json!({}));
    let reply = client
        .request(2, "logging/setLevel", json!({"level": "loud"}))
        .await;
    assert_eq!(reply["error"]["code"], -32602);
    client
        .send_request(3, "tools/call", call("log", json!({})))
        .await;
    for _ in 0..3 {
        assert_eq!(client.receive().await["method"], "notifications/message");
    }
    assert_eq!(client.receive().await["id"], 3);
    // In the modern era only the request itself counts.
    let quiet = client
        .request(4, "tools/call", modern(call("log", json!({}))))
        .await;
    assert_eq!(quiet["id"], 4);
    let mut params = modern(call("log", json!({})));
    params["_meta"]["io.modelcontextprotocol/logLevel"] = json!("warning");
    client.send_request(5, "tools/call", params).await;
    assert_eq!(client.receive().await["params"]["level"], "error");
    assert_eq!(client.receive().await["id"], 5);
}
