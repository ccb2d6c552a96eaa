//! The tools `list_models`, `preflight`, `usage` and `history`, and the offered tools.

use std::io::Cursor;
use std::sync::Arc;

use serde_json::{Value, json};
use synapse_core::error::{Code, Failure};
use synapse_core::ledger::Outcome;
use synapse_mcp::{
    Caller, ProtocolRevision, Server, ServerIdentity, ToolCall, ToolError, ToolHost,
};
use synapse_tools::Tool;
use tokio::io::AsyncReadExt;

use crate::bench::{Bench, bench, call, code, reply};

/// One successful call of `open`, one refused call of `closed`.
async fn used() -> Bench {
    let bench = bench();
    bench.provider.will_answer(Ok(reply("ok")));
    for connection in ["open", "closed"] {
        let arguments = json!({"connection": connection, "prompt": "the secret plan"});
        call(&bench.tools, "chat", arguments).await;
    }
    bench
}

fn text(result: &synapse_mcp::JsonObject) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

#[tokio::test]
async fn models_are_one_request_and_its_document() {
    let bench = bench();
    let result = call(&bench.tools, "list_models", json!({"connection": "open"})).await;
    assert_eq!(result.get("isError"), None, "{result:?}");
    assert_eq!(result["structuredContent"]["schema"], "synapse.models/1");
    assert_eq!(text(&result), "0 of 0 models");
    assert_eq!(bench.provider.lists(), 1);
    let closed = call(&bench.tools, "list_models", json!({"connection": "closed"})).await;
    assert_eq!(code(&closed), "gate.network-disabled");
    for arguments in [
        json!({}),
        json!({"connection": "open", "limit": 0}),
        json!({"connection": "open", "limit": 1001}),
        json!({"connection": "open", "query": "x"}),
    ] {
        let refused = call(&bench.tools, "list_models", arguments.clone()).await;
        assert_eq!(code(&refused), "usage.invalid-arguments", "{arguments}");
    }
    assert_eq!(bench.provider.lists(), 1);
}

#[tokio::test]
async fn preflight_is_the_ladder_and_pays_only_when_asked() {
    let bench = bench();
    let result = call(&bench.tools, "preflight", json!({"connection": "open"})).await;
    assert_eq!(result.get("isError"), None, "{result:?}");
    let document = &result["structuredContent"];
    assert_eq!(
        (&document["schema"], &document["ok"]),
        (&"synapse.preflight/1".into(), &true.into())
    );
    assert!(text(&result).contains("\nskip live: "), "{}", text(&result));
    assert_eq!(
        (bench.provider.probe_count(), bench.provider.chats().len()),
        (1, 0)
    );
    bench.provider.will_answer(Ok(reply("ok")));
    let arguments = json!({"connection": "open", "live": true});
    call(&bench.tools, "preflight", arguments).await;
    assert_eq!(bench.provider.chats().len(), 1);
}

#[tokio::test]
async fn a_failed_preflight_is_a_failed_result_with_its_remedy() {
    let bench = bench();
    let failure = Failure::new(Code::CredentialTokenRejected, "the token is not accepted");
    bench
        .provider
        .will_fail_probes(failure.hint("make another"));
    let result = call(&bench.tools, "preflight", json!({"connection": "open"})).await;
    assert_eq!(result["isError"], true);
    let document = &result["structuredContent"];
    assert_eq!(
        (&document["schema"], &document["ok"]),
        (&"synapse.preflight/1".into(), &false.into())
    );
    assert_eq!(document["error"]["code"], "credential.token-rejected");
    assert!(
        text(&result).contains("hint: make another"),
        "{}",
        text(&result)
    );
    let closed = call(&bench.tools, "preflight", json!({"connection": "closed"})).await;
    assert_eq!(closed["isError"], true);
    assert_eq!(
        closed["structuredContent"]["error"]["code"],
        "gate.network-disabled"
    );
    let unknown = call(&bench.tools, "preflight", json!({"connection": "nope"})).await;
    assert_eq!(code(&unknown), "config.not-found");
}

#[tokio::test]
async fn usage_counts_what_is_unknown() {
    let bench = used().await;
    let result = call(&bench.tools, "usage", json!({})).await;
    let document = &result["structuredContent"];
    assert_eq!(document["schema"], "synapse.usage/1");
    assert_eq!(document["total"]["calls"], 2);
    assert_eq!(document["total"]["unknown_cost"], 1);
    assert_eq!(document["total"]["cost_nano_usd"], Value::Null);
    assert!(
        text(&result).contains("left out because unknown"),
        "{}",
        text(&result)
    );
    // Unknown is never 0; the refused call cost nothing.
    let text_of = text(&result);
    assert!(
        text_of.contains(
            "total: 2 calls (1 ok, 0 failed, 1 refused), unknown+unknown tokens, unknown"
        ),
        "{text_of}"
    );
    let by_server = call(&bench.tools, "usage", json!({"by": "server"})).await;
    assert!(!text(&by_server).contains("tokens"), "{}", text(&by_server));
    let by_model = call(
        &bench.tools,
        "usage",
        json!({"by": "model", "since": "30d"}),
    )
    .await;
    assert_eq!(by_model["structuredContent"]["by"], "model");
    for arguments in [
        json!({"by": "moon"}),
        json!({"since": "soon"}),
        json!({"x": 1}),
    ] {
        let refused = call(&bench.tools, "usage", arguments.clone()).await;
        assert_eq!(code(&refused), "usage.invalid-arguments", "{arguments}");
        assert!(text(&refused).contains("it takes "), "{}", text(&refused));
    }
}

#[tokio::test]
async fn history_tells_what_happened_and_no_prompt() {
    let bench = used().await;
    let all = call(&bench.tools, "history", json!({})).await;
    let entries = all["structuredContent"]["entries"].as_array().unwrap();
    let outcomes: Vec<&Value> = entries.iter().map(|entry| &entry["outcome"]).collect();
    assert_eq!(outcomes, ["refused", "ok"], "newest first");
    assert!(!serde_json::to_string(&all).unwrap().contains("secret plan"));
    let id = entries[1]["call_id"].clone();
    let one = call(&bench.tools, "history", json!({"call_id": id})).await;
    let found = one["structuredContent"]["entries"].as_array().unwrap();
    assert_eq!((found.len(), &found[0]["call_id"]), (1, &id));
    let refused = call(
        &bench.tools,
        "history",
        json!({"outcome": "refused", "limit": 1}),
    )
    .await;
    assert_eq!(refused["structuredContent"]["next"], entries[0]["call_id"]);
    assert!(text(&refused).contains("refused (gate.network-disabled)"));
    for arguments in [
        json!({"call_id": "7"}),
        json!({"call_id": "01920000-0000-7000-8000-00000000ffff"}),
        json!({"outcome": "fine"}),
        json!({"limit": 201}),
        json!({"before": 3}),
    ] {
        let refused = call(&bench.tools, "history", arguments.clone()).await;
        assert_eq!(code(&refused), "usage.invalid-arguments", "{arguments}");
    }
}

#[tokio::test]
async fn a_scope_hides_the_calls_of_others() {
    let bench = used().await;
    let scoped = bench.tools.clone().scoped_to("open");
    let usage = call(&scoped, "usage", json!({})).await;
    assert_eq!(usage["structuredContent"]["total"]["calls"], 1);
    let by_model = call(&scoped, "usage", json!({"by": "model"})).await;
    let sums = &by_model["structuredContent"];
    assert_eq!(
        (
            &sums["lines"].as_array().unwrap().len(),
            &sums["total"]["calls"]
        ),
        (&1, &json!(1))
    );
    let history = call(&scoped, "history", json!({})).await;
    assert_eq!(
        history["structuredContent"]["entries"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // Every reading tool waits for pending rows first.
    let hidden = bench.ledger.entries();
    let hidden = hidden
        .iter()
        .find(|entry| entry.receipt.connection == "closed")
        .unwrap();
    assert_eq!(hidden.outcome, Outcome::Refused);
    let id = json!({"call_id": hidden.receipt.call_id.to_string()});
    assert_eq!(
        code(&call(&scoped, "history", id).await),
        "usage.invalid-arguments"
    );
    for (tool, arguments) in [
        ("history", json!({"connection": "closed"})),
        ("list_models", json!({"connection": "closed"})),
        ("preflight", json!({"connection": "closed"})),
    ] {
        let refused = call(&scoped, tool, arguments).await;
        assert_eq!(code(&refused), "usage.invalid-arguments", "{tool}");
    }
}

#[tokio::test]
async fn only_what_is_offered_is_listed_and_known() {
    let bench = bench();
    let caller = Caller::new(ProtocolRevision::V2025_11_25);
    let reading = ["list_connections", "usage", "history"];
    for (tools, expected) in [
        (bench.tools.clone(), Tool::ALL.map(Tool::as_str).to_vec()),
        (bench.tools.clone().read_only(), reading.to_vec()),
        (
            bench.tools.clone().only(&[Tool::History, Tool::Chat]),
            vec!["chat", "history"],
        ),
    ] {
        let listed = tools.list_tools(&caller).await.unwrap().into_objects();
        let names: Vec<&str> = listed
            .iter()
            .map(|tool| tool["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, expected);
        for tool in Tool::ALL {
            assert_eq!(tools.owns(tool.as_str()), expected.contains(&tool.as_str()));
        }
    }
    let call = ToolCall::new("chat", serde_json::Map::new(), caller);
    let error = bench.tools.read_only().call_tool(call).await.unwrap_err();
    assert!(matches!(error, ToolError::UnknownTool { .. }));
    assert_eq!(bench.provider.chats().len(), 0);
}

#[tokio::test]
async fn the_list_of_tools_is_one_line_below_six_and_a_half_kilobytes() {
    let request = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        }},
    });
    let identity = ServerIdentity::new("synapse", "0.1.0").with_title("Synapse");
    let server = Server::new(identity).with_tools(Arc::new(bench().tools));
    let (output, mut line) = tokio::io::duplex(64 * 1024);
    let input = Cursor::new(request.to_string());
    server.serve(input, output).await.unwrap();
    let mut bytes = Vec::new();
    line.read_to_end(&mut bytes).await.unwrap();
    let reply: Value = serde_json::from_slice(&bytes).unwrap();
    let tools = reply["result"]["tools"].as_array().unwrap();
    assert_eq!(tools.len(), Tool::ALL.len());
    assert!(bytes.len() <= 6_500, "{} bytes", bytes.len());
}
