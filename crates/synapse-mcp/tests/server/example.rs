//! The example of this crate, with a client of each era.

use serde_json::json;

use crate::support::Client;

#[expect(dead_code, reason = "its `main` takes stdin")]
#[path = "../../examples/own_tool.rs"]
mod own_tool;

#[tokio::test]
async fn the_example_serves_its_tool() {
    let mut client = Client::of(own_tool::server())
        .initialized("2025-11-25")
        .await;
    let listed = client.request(1, "tools/list", json!({})).await;
    assert_eq!(listed["result"]["tools"][0]["name"], "shout");
    let arguments = json!({"name": "shout", "arguments": {"text": "hello"}});
    let called = client.request(2, "tools/call", arguments).await;
    assert_eq!(called["result"]["content"][0]["text"], "HELLO");
    let wrong = client
        .request(3, "tools/call", json!({"name": "shout"}))
        .await;
    assert_eq!(wrong["result"]["isError"], true);
}
