//! IDE windows and upstreams are isolated from each other.

use serde_json::json;

use crate::support::{Script, World};

#[tokio::test]
async fn two_ides_and_four_upstreams_with_equal_ids_never_mix() {
    let mut world = World::new();
    for server in ["a", "b", "c", "d"] {
        world = world.with(Script::legacy(server, vec![json!({"name": "echo"})]));
    }
    let hub = world.hub();
    let mut tasks = tokio::task::JoinSet::new();
    for ide in 0..2 {
        // Both number their requests from 1: the ids are equal.
        let mut window = crate::support::Ide::modern(&hub, json!({}));
        tasks.spawn(async move {
            let mut expected = std::collections::HashMap::new();
            for number in 0..500 {
                let server = ["a", "b", "c", "d"][number % 4];
                let arguments = json!({"ide": ide, "number": number});
                let params = json!({"name": format!("{server}__echo"), "arguments": arguments});
                let id = window.send("tools/call", params).await;
                let text = format!(
                    "{server}: {}",
                    json!({"name": "echo", "arguments": arguments})
                );
                expected.insert(id, text);
            }
            while !expected.is_empty() {
                let reply = window.next().await;
                let text = expected.remove(&reply["id"].as_u64().unwrap()).unwrap();
                assert_eq!(reply["result"]["content"][0]["text"], text);
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(world.connector.requests().len(), 1_000);
    assert_eq!(world.connector.starts(), 4);
}
