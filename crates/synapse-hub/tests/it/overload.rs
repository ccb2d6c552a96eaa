//! Too many tools: limits, and search mode.

use serde_json::{Value, json};
use synapse_hub::{HubMode, HubSettings};

use crate::support::{Ide, Script, World, names};

fn tools() -> Vec<Value> {
    vec![
        json!({
            "name": "read_file",
            "description": "Reads a file. More.",
            "inputSchema": {
                "type": "object",
                "properties": {"path": {"type": "string"}, "head": {"type": "integer"}},
                "required": ["path"],
            },
            "annotations": {"readOnlyHint": true},
        }),
        json!({
            "name": "write_file",
            "description": "Writes a file.",
            "inputSchema": {
                "type": "object",
                "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
                "required": ["path", "content"],
            },
        }),
    ]
}

fn searching(world: &World) -> Ide {
    let hub = world.hub_with(HubSettings {
        mode: HubMode::Search,
        ..HubSettings::default()
    });
    Ide::modern(&hub, json!({}))
}

fn text(result: &Value) -> String {
    result["content"][0]["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn beyond_a_limit_no_tool_of_the_hub_is_offered_and_the_status_says_so() {
    let world = World::new().with(Script::legacy("files", tools()));
    for (settings, word) in [
        (
            HubSettings {
                max_tools: Some(1),
                ..HubSettings::default()
            },
            "--max-tools",
        ),
        (
            HubSettings {
                max_tool_tokens: Some(10),
                ..HubSettings::default()
            },
            "--max-tool-tokens",
        ),
    ] {
        let mut ide = Ide::modern(&world.hub_with(settings), json!({}));
        assert_eq!(names(&ide.tools().await), ["hub_status"]);
        let status = text(&ide.call("hub_status", json!({})).await);
        assert!(status.contains("policy.tool-budget"), "{status}");
        assert!(status.contains(word), "{status}");
        let refused = ide.call("files__read_file", json!({"path": "x"})).await;
        assert_eq!(
            refused["structuredContent"]["error"]["code"],
            "policy.tool-budget"
        );
    }
    assert_eq!(world.connector.starts(), 0);
}

#[tokio::test]
async fn the_search_offers_four_tools_and_names_its_servers() {
    let world = World::new().with(Script::legacy("files", tools()));
    let mut ide = searching(&world);
    let list = ide.tools().await;
    assert_eq!(
        names(&list),
        [
            "find_tools",
            "describe_tools",
            "call_tool",
            "call_read_tool",
            "hub_status"
        ]
    );
    assert!(list[0]["description"].as_str().unwrap().contains("files"));
}

#[tokio::test]
async fn tools_are_found_as_lines_and_described_whole() {
    let world = World::new().with(Script::legacy("files", tools()));
    let mut ide = searching(&world);
    let found = ide
        .call("find_tools", json!({"query": "show me what is in a file"}))
        .await;
    assert_eq!(
        text(&found).lines().next().unwrap(),
        "files__read_file(path: string, head?: integer) [read] - Reads a file."
    );
    let described = ide
        .call("describe_tools", json!({"names": ["files__write_file"]}))
        .await;
    let described: Value = serde_json::from_str(&text(&described)).unwrap();
    assert_eq!(described[0]["inputSchema"], tools()[1]["inputSchema"]);
    assert_eq!(world.connector.starts(), 0);
}

#[tokio::test]
async fn a_found_tool_is_called_and_only_readers_by_the_reading_call() {
    let world = World::new().with(Script::legacy("files", tools()));
    let mut ide = searching(&world);
    for call in ["call_tool", "call_read_tool"] {
        let params = json!({"name": "files__read_file", "arguments": {"path": "x"}});
        let result = ide.call(call, params).await;
        assert_eq!(
            text(&result),
            r#"files: {"name":"read_file","arguments":{"path":"x"}}"#
        );
    }
    let params = json!({"name": "files__write_file", "arguments": {"path": "x", "content": ""}});
    let refused = ide.call("call_read_tool", params).await;
    assert_eq!(refused["isError"], true);
    assert_eq!(world.connector.requests().len(), 2);
}

#[tokio::test]
async fn an_error_of_arguments_brings_the_schema() {
    let blaming = json!({
        "isError": true,
        "content": [{"type": "text", "text": "MCP error -32602: Invalid arguments"}],
    });
    let world = World::new().with(Script::legacy("files", tools()).saying(blaming));
    let mut ide = searching(&world);
    let params = json!({"name": "files__write_file", "arguments": {"path": "x"}});
    let missing = ide.call("call_tool", params).await;
    assert!(
        missing.to_string().contains("missing: content"),
        "{missing}"
    );
    assert!(world.connector.requests().is_empty());
    let params = json!({"name": "files__read_file", "arguments": {"path": 1}});
    let blamed = ide.call("call_tool", params).await;
    for result in [missing, blamed] {
        let blocks = result["content"].as_array().unwrap();
        let last = blocks.last().unwrap()["text"].as_str().unwrap();
        assert!(last.starts_with("The arguments of this tool: {"), "{last}");
    }
}

#[tokio::test]
async fn the_cost_of_tools_is_told() {
    let world = World::new().with(Script::legacy("files", tools()));
    let costs = world.hub().tools(Some("files")).unwrap();
    assert_eq!(costs.len(), 2);
    assert_eq!(costs[0].offered, "files__read_file");
    assert_eq!(costs[0].tokens, costs[0].bytes.div_ceil(4));
    assert!(costs[0].bytes > 200);
}

#[tokio::test]
async fn many_tokens_are_warned_of() {
    let long = "x".repeat(110_000);
    let tool = json!({"name": "long", "description": long});
    let world = World::new().with(Script::legacy("files", vec![tool]));
    let mut ide = world.modern(json!({}));
    let status = text(&ide.call("hub_status", json!({})).await);
    assert!(status.contains("--hub-mode search"), "{status}");
}
