//! Arrays of messages: a batch in 2025-03-26, invalid elsewhere.

use serde_json::{Value, json};

use crate::support::{Client, call, introduction, text_result};

fn batch() -> Value {
    json!([
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call("echo", json!({"text": "a"}))},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": "2", "method": "ping"},
        7,
        {"jsonrpc": "2.0", "id": 3, "method": "initialize", "params": introduction("2025-03-26")},
        [],
        [{"jsonrpc": "2.0", "id": 5, "method": "ping"}],
    ])
}

#[tokio::test(start_paused = true)]
async fn each_message_of_a_batch_is_answered_by_itself() {
    let mut client = Client::start_legacy("2025-03-26").await;
    client.send(&batch()).await;
    let mut replies = Vec::new();
    for _ in 0..6 {
        replies.push(client.receive().await);
    }
    let of = |id: Value| replies.iter().find(|reply| reply["id"] == id).unwrap();
    assert_eq!(of(json!(1))["result"], text_result("a"));
    assert_eq!(of(json!("2"))["result"], json!({}));
    assert_eq!(of(json!(3))["error"]["code"], -32600);
    let nameless = replies.iter().filter(|reply| reply["id"].is_null());
    assert!(
        nameless
            .clone()
            .all(|reply| reply["error"]["code"] == -32600)
    );
    assert_eq!(nameless.count(), 3);
    client.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_too_long_is_refused_as_a_whole() {
    let mut client = Client::start_legacy("2025-03-26").await;
    let ping = |id: usize| json!({"jsonrpc": "2.0", "id": id, "method": "ping"});
    let whole: Vec<Value> = (0..1000).map(ping).collect();
    client.send(&json!(whole)).await;
    for _ in 0..1000 {
        assert_eq!(client.receive().await["result"], json!({}));
    }
    let more: Vec<Value> = (0..1001).map(ping).collect();
    client.send(&json!(more)).await;
    let reply = client.receive().await;
    assert_eq!(reply["error"]["code"], -32600, "{reply}");
    client.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_no_message_of_the_other_revisions() {
    for version in ["2024-11-05", "2025-06-18", "2025-11-25"] {
        let mut client = Client::start_legacy(version).await;
        client.send(&batch()).await;
        let reply = client.receive().await;
        assert_eq!(reply["error"]["code"], -32600, "{reply}");
        client.expect_silence().await;
    }
}
