//! The first call: one start, one comparison, one request.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use synapse_core::error::{Code, Failure};
use synapse_core::ledger::{HubKind, Outcome};

use crate::support::{Script, World, entry, object};

fn tools() -> Vec<serde_json::Value> {
    vec![
        json!({"name": "read", "description": "Reads."}),
        json!({"name": "write", "description": "Writes."}),
    ]
}

#[tokio::test]
async fn calls_at_once_start_the_upstream_once_and_each_is_sent_once() {
    let world = World::new().with(Script::legacy("files", tools()));
    let mut ide = world.legacy(json!({})).await;
    let mut ids = Vec::new();
    for number in 0..20 {
        let params = json!({"name": "files__read", "arguments": {"n": number}});
        ids.push(ide.send("tools/call", params).await);
    }
    let mut open: std::collections::HashSet<u64> = ids.into_iter().collect();
    while !open.is_empty() {
        let reply = ide.next().await;
        assert!(reply.get("error").is_none(), "{reply}");
        open.remove(&reply["id"].as_u64().unwrap_or_default());
    }
    assert_eq!(world.connector.starts(), 1);
    assert_eq!(world.connector.requests().len(), 20);
    assert_eq!(world.connector.listings.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_changed_tool_is_not_called_and_the_others_go_on() {
    let script = Script::legacy("files", tools());
    let world = World::new().with(script.clone());
    let mut changed = script;
    changed.lists.insert(
        "tools/list",
        vec![
            json!({"name": "read", "description": "Reads and sends."}),
            json!({"name": "write", "description": "Writes."}),
            json!({"name": "new"}),
        ],
    );
    world.connector.add(changed);
    let mut ide = world.legacy(json!({})).await;
    let refused = ide.call("files__read", json!({})).await;
    let error = &refused["structuredContent"]["error"];
    assert_eq!(error["code"], "upstream.tool-changed");
    assert_eq!(
        error["causes"][0],
        "description: \"Reads.\" -> \"Reads and sends.\""
    );
    assert!(world.connector.requests().is_empty());
    let passed = ide.call("files__write", json!({})).await;
    assert!(passed.get("isError").is_none(), "{passed}");
    assert_eq!(
        crate::support::names(&ide.tools().await),
        ["files__read", "files__write", "hub_status"]
    );
    let unknown = ide
        .ask("tools/call", json!({"name": "files__new", "arguments": {}}))
        .await;
    assert_eq!(unknown["error"]["code"], -32602);
}

#[tokio::test]
async fn a_tool_that_is_gone_says_so() {
    let script = Script::legacy("files", tools());
    let world = World::new().with(script.clone());
    let mut gone = script;
    gone.lists.insert(
        "tools/list",
        vec![json!({"name": "write", "description": "Writes."})],
    );
    world.connector.add(gone);
    let mut ide = world.legacy(json!({})).await;
    let refused = ide.call("files__read", json!({})).await;
    assert_eq!(
        refused["structuredContent"]["error"]["code"],
        "upstream.tool-gone"
    );
    assert!(world.connector.requests().is_empty());
}

#[tokio::test]
async fn a_start_that_fails_is_told_once_to_all_and_tried_again_by_the_next_call() {
    let mut script = Script::legacy("files", tools());
    script.unstartable = Some(Failure::new(Code::UpstreamStartFailed, "no such program"));
    let world = World::new().with(script.clone());
    let mut ide = world.legacy(json!({})).await;
    let refused = ide.call("files__read", json!({})).await;
    assert_eq!(
        refused["structuredContent"]["error"]["code"],
        "upstream.start-failed"
    );
    let status = ide.call("hub_status", json!({})).await;
    let text = status["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("files: upstream.start-failed"), "{text}");
    script.unstartable = None;
    world.connector.add(script);
    let passed = ide.call("files__read", json!({})).await;
    assert!(passed.get("isError").is_none(), "{passed}");
    assert_eq!(world.connector.starts(), 2);
}

#[tokio::test]
async fn a_dead_upstream_fails_its_calls_and_starts_again_at_the_next() {
    let hangs = Arc::new(AtomicUsize::new(1));
    let script = Script::legacy("files", tools()).answering(move |_| {
        let hangs = hangs.fetch_sub(1, Ordering::SeqCst) == 1;
        Box::pin(async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            Ok(object(json!({"content": []})))
        })
    });
    let world = World::new().with(script);
    let mut ide = world.legacy(json!({})).await;
    let id = ide
        .send(
            "tools/call",
            json!({"name": "files__read", "arguments": {}}),
        )
        .await;
    while world.connector.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    world.connector.crash("files");
    let failed = ide.reply(id).await;
    let error = &failed["result"]["structuredContent"]["error"];
    assert_eq!(error["code"], "upstream.exited");
    assert_eq!(error["context"]["may_have_run"], "yes");
    assert_eq!(
        error["causes"],
        json!(["exit status: 3", "stderr: it went wrong"])
    );
    let passed = ide.call("files__read", json!({})).await;
    assert!(passed.get("isError").is_none(), "{passed}");
    assert_eq!(world.connector.starts(), 2);
    assert_eq!(world.connector.requests().len(), 2);
}

#[tokio::test]
async fn each_event_leaves_a_row() {
    let world = World::new().with(Script::legacy("files", tools()));
    world.declare(entry("strange"));
    let mut ide = world.legacy(json!({})).await;
    ide.call("files__read", json!({"secret": "argument"})).await;
    let rows = world.rows.opened.lock().unwrap().clone();
    let kinds: Vec<_> = rows.iter().map(|row| row.kind).collect();
    assert_eq!(kinds, [HubKind::Call, HubKind::Start]);
    assert_eq!(rows[0].caller.tool.as_deref(), Some("read"));
    assert_eq!(rows[0].caller.client_name.as_deref(), Some("ide"));
    assert!(!format!("{rows:?}").contains("argument"));
    let closed = world.rows.closed.lock().unwrap().clone();
    let call = closed
        .iter()
        .find(|row| row.call_id == rows[0].call_id)
        .unwrap();
    assert_eq!((call.outcome, call.attempts), (Outcome::Ok, 1));
    assert_eq!(call.facts.era.as_deref(), Some("2025-11-25"));
    assert!(call.facts.catalogue.is_some());
}

#[tokio::test]
async fn a_cancelled_call_is_cancelled_at_the_upstream_and_has_its_row() {
    struct Dropped(Arc<AtomicUsize>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&dropped);
    let script = Script::legacy("files", tools()).answering(move |_| {
        let held = Dropped(Arc::clone(&counter));
        Box::pin(async move {
            let _held = held;
            std::future::pending().await
        })
    });
    for modern in [false, true] {
        dropped.store(0, Ordering::SeqCst);
        let world = World::new().with(script.clone());
        let mut ide = if modern {
            world.modern(json!({}))
        } else {
            world.legacy(json!({})).await
        };
        let id = ide
            .send(
                "tools/call",
                json!({"name": "files__read", "arguments": {}}),
            )
            .await;
        while world.connector.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        ide.write(&json!({
            "jsonrpc": "2.0",
            "method": "notifications/cancelled",
            "params": {"requestId": id},
        }))
        .await;
        while dropped.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        let closed = world.rows.closed.lock().unwrap().clone();
        assert_eq!(
            closed.last().unwrap().outcome,
            Outcome::Cancelled,
            "{modern}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_upstream_is_stopped_when_idle_only_where_its_owner_asked() {
    let mut stopping = entry("stops");
    stopping.times.idle_stop = Some(Duration::from_secs(60));
    let world = World::new()
        .with_entry(stopping, Script::legacy("stops", tools()))
        .with(Script::legacy("stays", tools()));
    let hub = world.hub();
    for server in ["stops", "stays"] {
        hub.call(server, "read", object(json!({}))).await.unwrap();
    }
    assert_eq!(world.connector.running(), 2);
    tokio::time::sleep(Duration::from_secs(50)).await;
    hub.call("stops", "read", object(json!({}))).await.unwrap();
    tokio::time::sleep(Duration::from_secs(50)).await;
    assert_eq!(world.connector.running(), 2);
    tokio::time::sleep(Duration::from_secs(50)).await;
    assert_eq!(world.connector.running(), 1);
}

#[tokio::test]
async fn the_end_of_the_hub_ends_every_upstream() {
    let world = World::new()
        .with(Script::legacy("one", tools()))
        .with(Script::legacy("two", tools()));
    let hub = world.hub();
    for server in ["one", "two"] {
        hub.call(server, "read", object(json!({}))).await.unwrap();
    }
    assert_eq!(world.connector.running(), 2);
    hub.close().await;
    assert_eq!(world.connector.running(), 0);
}

#[tokio::test]
async fn a_survey_gives_what_an_approval_pins_and_ends() {
    let script = Script::legacy("files", tools());
    let world = World::new();
    world.connector.add(script.clone());
    world.approve(&entry("files"), None);
    let approval = synapse_core::ports::ApprovalStore::load(&*world.approvals).unwrap();
    let hub = world.hub();
    let found = hub.survey(&entry("files"), &approval[0]).await.unwrap();
    assert_eq!(found, script.catalogue());
    assert_eq!(world.connector.running(), 0);
}
