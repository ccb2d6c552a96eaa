//! Very many connections and large arguments are not read on the runtime's thread.

use std::sync::Arc;

use serde_json::json;
use synapse_core::call::Caller as Origin;
use synapse_core::engine::SamplingCall;
use synapse_mcp::host::{CompletionCall, ResourceRead};
use synapse_mcp::{Caller, CompletionHost, ProtocolRevision, ResourceHost};
use synapse_testkit::pool::{self, HeldPool, begun};
use synapse_testkit::ports::NamedRemedies;
use synapse_tools::{ProductCompletions, ProductResources};

use crate::bench::{bench, call, crowded, reply};

fn caller() -> Caller {
    Caller::new(ProtocolRevision::V2026_07_28)
}

#[tokio::test]
async fn every_tool_reads_many_connections_on_another_thread() {
    for (tool, arguments) in [
        ("list_connections", json!({})),
        ("chat", json!({"connection": "open", "prompt": "hi"})),
        ("chat", json!({"prompt": "hi"})),
        ("chat", json!({"connection": "absent", "prompt": "hi"})),
        ("list_models", json!({"connection": "open"})),
        ("preflight", json!({"connection": "open"})),
        ("usage", json!({"connection": "open"})),
        ("history", json!({"connection": "open"})),
    ] {
        let (few, many) = (bench(), crowded());
        for bench in [&few, &many] {
            bench.provider.will_answer(Ok(reply("ok")));
        }
        let expected = call(&few.tools, tool, arguments.clone()).await;
        assert_eq!(call(&many.tools, tool, arguments).await, expected, "{tool}");
    }
}

#[tokio::test]
async fn resources_read_many_connections_on_another_thread() {
    let bench = crowded();
    let host = ProductResources::new(bench.engine.clone(), Arc::new(NamedRemedies));
    host.list_resources(&caller()).await.unwrap();
    for uri in ["synapse://connections", "synapse://connections/open"] {
        let read = ResourceRead::new(uri, caller());
        let result = host.read_resource(read).await.unwrap();
        let text = result["contents"][0]["text"].as_str().unwrap();
        assert!(text.contains("\"open\""), "{text}");
    }
}

#[tokio::test]
async fn completions_read_many_connections_on_another_thread() {
    let host = ProductCompletions::new(crowded().engine);
    let reference = json!({"type": "ref/resource", "uri": "synapse://connections/{name}"});
    let reference = reference.as_object().unwrap().clone();
    for (argument, value) in [("name", "open"), ("second", "closed"), ("model", "m")] {
        let call = CompletionCall::new(reference.clone(), argument, "", caller());
        let result = host.complete(call).await.unwrap();
        let values = result["completion"]["values"].as_array().unwrap();
        assert!(values.contains(&json!(value)), "{values:?}");
    }
}

#[tokio::test]
async fn sampling_reads_many_connections_on_another_thread() {
    let asked = SamplingCall {
        connection: "open".to_owned(),
        caller: Origin::default(),
        model: None,
        bytes: 1,
        max_tokens: None,
    };
    crowded().engine.sample(asked).await.unwrap();
}

/// While the only other thread is held, a usual call is answered and a large one waits.
#[test]
fn large_arguments_are_read_on_another_thread() {
    let many: Vec<_> = (0..2_000)
        .map(|_| json!({"role": "user", "content": "x"}))
        .collect();
    let text = "x".repeat(200_000);
    for (tool, usual, large) in [
        ("chat", json!({"prompt": "hi"}), json!({"messages": many})),
        ("chat", json!({"prompt": "hi"}), json!({"prompt": text})),
        ("usage", json!({}), json!({"since": text})),
        ("history", json!({}), json!({"before": text})),
        ("list_connections", json!({}), json!({"x": many})),
        ("list_models", json!({}), json!({"search": text})),
        ("preflight", json!({}), json!({"connection": text})),
    ] {
        pool::run(async {
            let held = HeldPool::hold();
            let bench = bench();
            let mut answered = Box::pin(call(&bench.tools, tool, usual));
            assert!(begun(&mut answered).await.is_ready(), "{tool}");
            let mut waiting = Box::pin(call(&bench.tools, tool, large));
            assert!(begun(&mut waiting).await.is_pending(), "{tool}");
            drop(held);
            waiting.await;
        });
    }
}

#[test]
fn many_models_are_listed_on_another_thread() {
    pool::run(async {
        let bench = bench();
        let models = || call(&bench.tools, "list_models", json!({"connection": "open"}));
        bench.provider.will_list(10);
        let held = HeldPool::hold();
        assert!(begun(&mut Box::pin(models())).await.is_ready());
        bench.provider.will_list(1_000);
        let mut waiting = Box::pin(models());
        assert!(begun(&mut waiting).await.is_pending());
        drop(held);
        let result = waiting.await;
        assert!(format!("{result:?}").contains("and 950 more"), "{result:?}");
    });
}
