//! With very many connections, no tool, resource or completion reads them on the runtime's thread.

use std::sync::Arc;

use serde_json::json;
use synapse_core::call::Caller as Origin;
use synapse_core::engine::SamplingCall;
use synapse_mcp::host::{CompletionCall, ResourceRead};
use synapse_mcp::{Caller, CompletionHost, ProtocolRevision, ResourceHost};
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
