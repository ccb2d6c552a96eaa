//! Lists: only from the catalogue, stable, and filtered by options.

use std::sync::atomic::Ordering;

use serde_json::json;
use synapse_core::upstream::{Pin, ToolFilter};
use synapse_hub::{HubSettings, Selection};

use crate::support::{Ide, Script, World, entry, names};

fn tools() -> Vec<serde_json::Value> {
    vec![
        json!({"name": "read", "vendor": {"b": 1, "a": 2}, "description": "Reads.", "inputSchema": {"type": "object"}}),
        json!({"name": "write", "execution": {"taskSupport": "optional"}}),
    ]
}

#[tokio::test]
async fn a_hub_that_is_made_reads_nothing() {
    let world = World::new().with(Script::legacy("files", tools()));
    let _hub = world.hub();
    assert_eq!(world.upstreams.loads.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn lists_come_from_the_catalogue_and_start_nothing() {
    let world = World::new().with(Script::legacy("files", tools()));
    let mut ide = world.legacy(json!({})).await;
    let first = ide.tools().await;
    assert_eq!(names(&first), ["files__read", "files__write", "hub_status"]);
    assert_eq!(ide.tools().await, first);
    for method in ["prompts/list", "resources/list", "resources/templates/list"] {
        ide.result(method, json!({})).await;
    }
    assert_eq!(world.connector.starts(), 0);
    assert_eq!(world.secrets.reads(), 0);
    assert_eq!(world.upstreams.loads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_description_keeps_unknown_members_and_their_order() {
    let world = World::new().with(Script::legacy("files", tools()));
    let mut ide = world.legacy(json!({})).await;
    assert_eq!(
        ide.tools().await[0].to_string(),
        r#"{"name":"files__read","vendor":{"b":1,"a":2},"description":"Reads.","inputSchema":{"type":"object"}}"#
    );
}

#[tokio::test]
async fn a_tool_that_the_entry_denies_is_not_listed_and_says_so_when_called() {
    let mut denied = entry("files");
    denied.tools = ToolFilter {
        allow: None,
        deny: vec!["write".to_owned()],
    };
    let world = World::new().with_entry(denied, Script::legacy("files", tools()));
    let mut ide = world.legacy(json!({})).await;
    assert_eq!(names(&ide.tools().await), ["files__read", "hub_status"]);
    let result = ide.call("files__write", json!({})).await;
    assert_eq!(result["isError"], true);
    assert_eq!(
        result["structuredContent"]["error"]["code"],
        "upstream.tool-denied"
    );
    assert_eq!(world.connector.starts(), 0);
}

#[tokio::test]
async fn fifty_upstreams_of_which_five_are_broken_list_the_rest_and_start_none() {
    let mut world = World::new();
    for number in 0..50 {
        let name = format!("server-{number}");
        if number % 10 == 3 {
            // Declared but not approved.
            world.declare(entry(&name));
        } else {
            world = world.with(Script::legacy(&name, tools()));
        }
    }
    let mut ide = world.modern(json!({}));
    assert_eq!(ide.tools().await.as_array().unwrap().len(), 45 * 2 + 1);
    let status = ide.call("hub_status", json!({})).await;
    let text = status["content"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("hub: 45 of 50 servers work"), "{text}");
    assert!(text.contains("upstream.not-approved"), "{text}");
    assert!(status.to_string().len() <= 700, "{status}");
    assert!(text.len() <= 500, "{text}");
    assert_eq!(world.connector.starts(), 0);
}

#[tokio::test]
async fn one_server_alone_passes_with_its_own_names_and_instructions() {
    let mut script = Script::legacy("files", tools());
    script.instructions = Some("Use absolute paths.".to_owned());
    let world = World::new()
        .with(Script::legacy("other", tools()))
        .with(script);
    let hub = world.hub_with(HubSettings {
        selection: Selection::Alone("files".to_owned()),
        ..HubSettings::default()
    });
    let mut ide = Ide::modern(&hub, json!({}));
    assert_eq!(names(&ide.tools().await), ["read", "write"]);
    let discovered = ide.result("server/discover", json!({})).await;
    assert_eq!(discovered["instructions"], "Use absolute paths.");
    let result = ide.call("read", json!({"x": 1})).await;
    assert_eq!(
        result["content"][0]["text"],
        r#"files: {"name":"read","arguments":{"x":1}}"#
    );
}

#[tokio::test]
async fn groups_narrow_the_hub() {
    let mut grouped = entry("files");
    grouped.groups = vec!["work".to_owned()];
    let world = World::new()
        .with_entry(grouped, Script::legacy("files", tools()))
        .with(Script::legacy("other", tools()));
    let hub = world.hub_with(HubSettings {
        selection: Selection::Some {
            upstreams: Vec::new(),
            groups: vec!["work".to_owned()],
        },
        ..HubSettings::default()
    });
    let mut ide = Ide::modern(&hub, json!({}));
    assert_eq!(
        names(&ide.tools().await),
        ["files__read", "files__write", "hub_status"]
    );
}

#[tokio::test]
async fn joint_instructions_have_a_line_for_each_server_and_fit() {
    let mut world = World::new();
    for number in 0..30 {
        let mut script = Script::legacy(&format!("server-{number}"), tools());
        script.instructions = Some("Long instructions. ".repeat(100));
        world = world.with(script);
    }
    let mut ide = world.modern(json!({}));
    let discovered = ide.result("server/discover", json!({})).await;
    let text = discovered["instructions"].as_str().unwrap();
    assert!(text.chars().count() <= 2_000, "{}", text.len());
    for number in 0..30 {
        assert!(
            text.contains(&format!("\n- server-{number}: Long")),
            "{text}"
        );
    }
}

#[tokio::test]
async fn prompts_are_named_like_tools_also_in_completions() {
    let prompt = json!({"name": "summary", "arguments": [{"name": "style"}]});
    let script = Script::legacy("files", tools())
        .list("prompts", "prompts/list", vec![prompt])
        .list("completions", "none", Vec::new())
        .answering(|outgoing| {
            let said = json!({
                "messages": [],
                "completion": {"values": [outgoing.params.get("ref").map(|each| each["name"].clone())]},
                "asked": outgoing.params,
            });
            Box::pin(async move { Ok(crate::support::object(said)) })
        });
    let world = World::new().with(script);
    let mut ide = world.modern(json!({}));
    let list = ide.result("prompts/list", json!({})).await;
    assert_eq!(names(&list["prompts"]), ["files__summary"]);
    let got = ide
        .result("prompts/get", json!({"name": "files__summary"}))
        .await;
    assert_eq!(got["asked"]["name"], "summary");
    let completed = ide
        .result(
            "completion/complete",
            json!({
                "ref": {"type": "ref/prompt", "name": "files__summary"},
                "argument": {"name": "style", "value": "s"},
            }),
        )
        .await;
    assert_eq!(completed["completion"]["values"], json!(["summary"]));
}

#[tokio::test]
async fn without_a_pin_lists_follow_the_server_and_the_status_says_so() {
    let mut loose = entry("files");
    loose.pin = Pin::Off;
    let mut script = Script::legacy("files", tools());
    let world = World::new().with_entry(loose, script.clone());
    script
        .lists
        .insert("tools/list", vec![json!({"name": "other"})]);
    world.connector.add(script);
    let mut ide = world.legacy(json!({})).await;
    assert_eq!(names(&ide.tools().await)[0], "files__read");
    ide.call("files__read", json!({})).await;
    assert_eq!(names(&ide.tools().await), ["files__other", "hub_status"]);
    let told = ide.heard.iter().map(|message| message["method"].clone());
    assert!(
        told.into_iter()
            .any(|method| method == "notifications/tools/list_changed"),
        "{:?}",
        ide.heard
    );
    let status = ide.call("hub_status", json!({})).await;
    let text = status["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("files: its lists are not pinned"), "{text}");
}
