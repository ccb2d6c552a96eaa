//! While the only thread for blocking work is held, large work waits and a ping is answered.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use synapse_core::upstream::Pin;
use synapse_hub::{HubMode, HubSettings};
use synapse_mcp::{Caller, JsonObject, ProtocolRevision, ToolCall, ToolHost as _};
use synapse_testkit::pool::{self, HeldPool, begun};

use crate::support::{Ide, Script, World, entry, host, names, object};

fn tools() -> Vec<Value> {
    vec![json!({"name": "read", "description": "Reads a file.", "inputSchema": {"type": "object"}})]
}

async fn pings(ide: &mut Ide) {
    for _ in 0..20 {
        let ping = ide.send("ping", json!({})).await;
        let next = ide.next().await;
        assert_eq!(next["id"], ping, "{next}");
    }
}

/// The result of `call`, which waits for the thread for blocking work while pings are answered.
async fn held_up(ide: &mut Ide, method: &str, call: Value) -> Value {
    let held = HeldPool::hold();
    let waiting = ide.send(method, call).await;
    pings(ide).await;
    drop(held);
    ide.reply(waiting).await["result"].take()
}

fn searching(world: &World) -> Ide {
    let hub = world.hub_with(HubSettings {
        mode: HubMode::Search,
        ..HubSettings::default()
    });
    Ide::modern(&hub, json!({}))
}

#[test]
fn a_long_search_does_not_hold_up_a_ping() {
    pool::run(async {
        let world = World::new().with(Script::legacy("files", tools()));
        let mut ide = searching(&world);
        let usual = ide.call("find_tools", json!({"query": "read"})).await;
        let query = "read ".repeat(2_000);
        let call = json!({"name": "find_tools", "arguments": {"query": query}});
        assert_eq!(held_up(&mut ide, "tools/call", call).await, usual);
    });
}

#[test]
fn a_long_description_does_not_hold_up_a_ping() {
    pool::run(async {
        let mut tools = tools();
        tools[0]["description"] = "x".repeat(100_000).into();
        let world = World::new().with(Script::legacy("files", tools.clone()));
        let mut ide = searching(&world);
        let call = json!({"name": "describe_tools", "arguments": {"names": ["files__read"]}});
        let described = held_up(&mut ide, "tools/call", call).await;
        let text = described["content"][0]["text"].as_str().unwrap();
        let described: Value = serde_json::from_str(text).unwrap();
        assert_eq!(described[0]["description"], tools[0]["description"]);
    });
}

/// Changed approvals count for the next request, however large.
#[test]
fn reading_large_approvals_does_not_hold_up_a_ping() {
    pool::run(async {
        let world = World::new().with(Script::legacy("files", tools()));
        let mut ide = world.legacy(json!({})).await;
        assert_eq!(names(&ide.tools().await), ["files__read", "hub_status"]);
        world.approvals.are_large.store(true, Ordering::SeqCst);
        world.add(entry("more"), Script::legacy("more", tools()));
        let call = json!({"name": "more__read", "arguments": {}});
        let result = held_up(&mut ide, "tools/call", call).await;
        assert!(result.to_string().contains("more: "), "{result}");
        world.add(entry("late"), Script::legacy("late", tools()));
        let list = held_up(&mut ide, "tools/list", json!({})).await;
        assert_eq!(
            names(&list["tools"]),
            ["files__read", "more__read", "late__read", "hub_status"]
        );
    });
}

#[test]
fn reading_large_approvals_does_not_hold_up_the_first_client() {
    pool::run(async {
        let world = World::new().with(Script::legacy("files", tools()));
        world.approvals.are_large.store(true, Ordering::SeqCst);
        let held = HeldPool::hold();
        let mut ide = world.modern(json!({}));
        let discover = ide.send("server/discover", json!({})).await;
        pings(&mut ide).await;
        assert_eq!(world.approvals.loads.load(Ordering::SeqCst), 0);
        drop(held);
        ide.reply(discover).await;
        assert_eq!(world.approvals.loads.load(Ordering::SeqCst), 1);
    });
}

/// No call passes the comparison of changed lists, not even one that another call has begun.
#[test]
fn calls_wait_for_the_comparison_of_changed_lists_and_a_ping_does_not() {
    for pin in [Pin::Tools, Pin::Off] {
        pool::run(async {
            let mut files = entry("files");
            files.pin = pin;
            let world = World::new().with_entry(files, Script::legacy("files", tools()));
            let mut ide = world.legacy(json!({})).await;
            ide.call("files__read", json!({})).await;
            let held = HeldPool::hold();
            let events = world.connector.events("files");
            events.notified("notifications/tools/list_changed", JsonObject::new());
            let mut calls = Vec::new();
            for _ in 0..10 {
                let call = json!({"name": "files__read", "arguments": {}});
                calls.push(ide.send("tools/call", call).await);
            }
            for _ in 0..20 {
                ide.result("ping", json!({})).await;
            }
            assert_eq!(world.connector.requests().len(), 1);
            drop(held);
            for call in calls {
                ide.reply(call).await;
            }
            assert_eq!(world.connector.requests().len(), 11);
        });
    }
}

#[test]
fn large_arguments_are_passed_on_off_the_runtimes_thread() {
    pool::run(async {
        let world = World::new().with(Script::legacy("files", tools()));
        let host = host(&world.hub());
        for revision in [ProtocolRevision::V2025_11_25, ProtocolRevision::V2026_07_28] {
            let call = |many: usize| {
                let arguments = object(json!({"many": vec!["x".repeat(20); many]}));
                let call = ToolCall::new("files__read", arguments, Caller::new(revision));
                host.call_tool(call)
            };
            call(1).await.unwrap();
            let held = HeldPool::hold();
            call(1).await.unwrap();
            let sent = world.connector.requests().len();
            let mut waiting = call(5_000);
            assert!(begun(&mut waiting).await.is_pending());
            assert_eq!(world.connector.requests().len(), sent);
            drop(held);
            let result = waiting.await.unwrap();
            let result = Value::Object(result.as_object().into_owned()).to_string();
            assert!(result.contains("many"), "it was called without them");
        }
    });
}
