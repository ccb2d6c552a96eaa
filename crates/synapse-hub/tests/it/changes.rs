//! Configuration edits take effect at once.

use serde_json::json;
use synapse_core::error::{Code, Failure};
use synapse_core::error::{Remedy, RemedyText as _};
use synapse_core::upstream::{Template, UpstreamTransport};
use synapse_testkit::ports::NamedRemedies;

use crate::support::{Script, World, entry, names};

fn tools() -> Vec<serde_json::Value> {
    vec![json!({"name": "read"})]
}

#[tokio::test]
async fn an_edited_entry_ends_the_old_process_and_is_refused_until_approved() {
    let world = World::new().with(Script::legacy("files", tools()));
    let mut ide = world.legacy(json!({})).await;
    ide.call("files__read", json!({})).await;
    assert_eq!(world.connector.running(), 1);
    let mut edited = entry("files");
    if let UpstreamTransport::Stdio { command, .. } = &mut edited.transport {
        *command = Template::text("another");
    }
    world.declare(edited.clone());
    let refused = ide.call("files__read", json!({})).await;
    let error = &refused["structuredContent"]["error"];
    assert_eq!(error["code"], "upstream.changed");
    let approve = Remedy::ApproveUpstream {
        server: "files".parse().unwrap(),
    };
    let command = NamedRemedies.command(&approve).unwrap();
    assert_eq!(error["hints"][0]["command"], command);
    assert_eq!(names(&ide.tools().await), ["hub_status"]);
    while world.connector.running() > 0 {
        tokio::task::yield_now().await;
    }
    world.approve(&edited, Some(Script::legacy("files", tools()).catalogue()));
    let passed = ide.call("files__read", json!({})).await;
    assert!(passed.get("isError").is_none(), "{passed}");
    assert_eq!(world.connector.starts(), 2);
    let told: Vec<_> = ide
        .heard
        .iter()
        .map(|each| each["method"].clone())
        .collect();
    assert!(
        told.contains(&json!("notifications/tools/list_changed")),
        "{told:?}"
    );
}

#[tokio::test]
async fn an_edit_of_another_entry_leaves_a_process_alone() {
    let world = World::new().with(Script::legacy("files", tools()));
    let mut ide = world.legacy(json!({})).await;
    ide.call("files__read", json!({})).await;
    world.declare(entry("other"));
    ide.call("files__read", json!({})).await;
    assert_eq!(world.connector.starts(), 1);
}

#[tokio::test]
async fn an_entry_that_is_removed_takes_its_tools_with_it() {
    let world = World::new().with(Script::legacy("files", tools()));
    let mut ide = world.legacy(json!({})).await;
    ide.tools().await;
    world.upstreams.take("files");
    assert_eq!(names(&ide.tools().await), ["hub_status"]);
    let unknown = ide.ask("tools/call", json!({"name": "files__read"})).await;
    assert_eq!(unknown["error"]["code"], -32602);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_asks_nothing_hears_of_an_edit() {
    let world = World::new().with(Script::legacy("files", tools()));
    let hub = world.hub();
    let watching = hub.clone();
    let watch = tokio::spawn(async move { watching.watch().await });
    let mut ide = crate::support::Ide::legacy(&hub, json!({})).await;
    ide.tools().await;
    world.upstreams.take("files");
    let told = ide.next().await;
    assert_eq!(told["method"], "notifications/tools/list_changed");
    watch.abort();
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_told_and_the_server_goes_on() {
    let world = World::new().with(Script::legacy("files", tools()));
    let mut ide = world.legacy(json!({})).await;
    world
        .upstreams
        .break_with(Failure::new(Code::ConfigSyntax, "line 3 is no JSON"));
    assert_eq!(names(&ide.tools().await), ["hub_status"]);
    let status = ide.call("hub_status", json!({})).await;
    let text = status["content"][0]["text"].as_str().unwrap();
    assert_eq!(text, "hub: config.syntax: line 3 is no JSON");
}
