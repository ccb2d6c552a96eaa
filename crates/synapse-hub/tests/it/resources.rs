//! Resources keep their URIs and have one owner each.

use serde_json::{Value, json};

use crate::support::{Answer, Script, World, object};

fn script(name: &str, resources: Vec<Value>, templates: Vec<Value>) -> Script {
    let server = name.to_owned();
    Script::legacy(name, vec![json!({"name": "link"})])
        .list("resources", "resources/list", resources)
        .list("resources", "resources/templates/list", templates)
        .answering(move |outgoing| -> Answer {
            let said = match outgoing.params.get("uri") {
                Some(uri) => json!({"contents": [{"uri": uri, "text": server}]}),
                None => json!({"content": [
                    {"type": "resource_link", "uri": "secret://linked", "name": "x"},
                ]}),
            };
            Box::pin(async move { Ok(object(said)) })
        })
}

fn listed(uri: &str) -> Value {
    json!({"uri": uri, "name": "x"})
}

async fn reader_of(world: &World, uri: &str) -> Value {
    let mut ide = world.modern(json!({}));
    let reply = ide.ask("resources/read", json!({"uri": uri})).await;
    match reply.get("result") {
        Some(result) => result["contents"][0]["text"].clone(),
        None => reply["error"]["code"].clone(),
    }
}

#[tokio::test]
async fn a_uri_goes_to_its_owner_by_list_and_by_template() {
    let world = World::new()
        .with(script("one", vec![listed("a:1")], Vec::new()))
        .with(script(
            "two",
            Vec::new(),
            vec![json!({"uriTemplate": "b://{x}", "name": "b"})],
        ));
    assert_eq!(reader_of(&world, "a:1").await, "one");
    assert_eq!(reader_of(&world, "b://z").await, "two");
    assert_eq!(reader_of(&world, "c:1").await, -32602);
}

#[tokio::test]
async fn a_uri_of_two_servers_is_withheld_and_says_why() {
    let world = World::new()
        .with(script(
            "one",
            vec![listed("a:1"), listed("a:2")],
            Vec::new(),
        ))
        .with(script("two", vec![listed("a:1")], Vec::new()));
    let mut ide = world.modern(json!({}));
    let list = ide.result("resources/list", json!({})).await;
    let uris: Vec<_> = list["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| each["uri"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(uris, ["synapse://hub/one", "synapse://hub/two", "a:2"]);
    let reply = ide.ask("resources/read", json!({"uri": "a:1"})).await;
    let message = reply["error"]["message"].as_str().unwrap();
    assert!(message.contains("one, two"), "{message}");
    assert_eq!(world.connector.starts(), 0);
}

#[tokio::test]
async fn a_link_makes_its_sender_the_owner() {
    let world = World::new().with(script("one", Vec::new(), Vec::new()));
    let hub = world.hub();
    let mut ide = crate::support::Ide::modern(&hub, json!({}));
    let before = ide
        .ask("resources/read", json!({"uri": "secret://linked"}))
        .await;
    assert_eq!(before["error"]["code"], -32602);
    ide.call("one__link", json!({})).await;
    let read = ide
        .result("resources/read", json!({"uri": "secret://linked"}))
        .await;
    assert_eq!(read["contents"][0]["text"], "one");
}

#[tokio::test]
async fn an_interface_belongs_to_the_server_of_its_tool() {
    let mut with_ui = script("one", Vec::new(), Vec::new());
    let tool = json!({"name": "show", "_meta": {"ui": {"resourceUri": "ui://one/app"}}});
    with_ui.lists.insert("tools/list", vec![tool]);
    let world = World::new().with(with_ui);
    assert_eq!(reader_of(&world, "ui://one/app").await, "one");
}

#[tokio::test]
async fn the_hub_tells_of_each_server() {
    let mut said = script("one", Vec::new(), Vec::new());
    said.instructions = Some("All of it.".repeat(500));
    let world = World::new().with(said);
    world.declare(crate::support::entry("two"));
    let mut ide = world.modern(json!({}));
    let read = ide
        .result("resources/read", json!({"uri": "synapse://hub/two"}))
        .await;
    let document: Value =
        serde_json::from_str(read["contents"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(document["health"], "unusable");
    assert_eq!(document["error"]["code"], "upstream.not-approved");
    let whole = ide
        .result(
            "resources/read",
            json!({"uri": "synapse://hub/one/instructions"}),
        )
        .await;
    assert_eq!(whole["contents"][0]["text"].as_str().unwrap().len(), 5_000);
    assert_eq!(world.connector.starts(), 0);
}

#[tokio::test]
async fn a_subscription_reaches_the_server_and_its_news_the_ide() {
    let world = World::new().with(script("one", vec![listed("a:1")], Vec::new()));
    let mut ide = world.legacy(json!({})).await;
    ide.result("resources/subscribe", json!({"uri": "a:1"}))
        .await;
    assert_eq!(
        world.connector.requests(),
        [("one".to_owned(), "resources/subscribe".to_owned())]
    );
    let events = world.connector.events("one");
    events.notified(
        "notifications/resources/updated",
        object(json!({"uri": "a:1"})),
    );
    let news = ide.next().await;
    assert_eq!(news["method"], "notifications/resources/updated");
    assert_eq!(news["params"]["uri"], "a:1");
    ide.result("resources/unsubscribe", json!({"uri": "a:1"}))
        .await;
    assert_eq!(world.connector.requests().len(), 2);
}

#[tokio::test]
async fn skills_are_listed_and_got_from_their_server() {
    let skill = json!({"uri": "skill://a/SKILL.md", "resources": [{"uri": "skill://a/x.py"}]});
    let mut serving = script("one", Vec::new(), Vec::new());
    serving.capabilities["extensions"] = json!({"io.modelcontextprotocol/skills": {}});
    serving.lists.insert("skills/list", vec![skill.clone()]);
    let world = World::new().with(serving);
    let mut ide = world.modern(json!({}));
    let discovered = ide.result("server/discover", json!({})).await;
    assert!(
        discovered["capabilities"]["extensions"]
            .get("io.modelcontextprotocol/skills")
            .is_some()
    );
    let list = ide.result("skills/list", json!({})).await;
    assert_eq!(list["skills"], json!([skill]));
    assert_eq!(world.connector.starts(), 0);
    ide.result("skills/get", json!({"uri": "skill://a/SKILL.md"}))
        .await;
    assert_eq!(reader_of(&world, "skill://a/x.py").await, "one");
}

#[tokio::test]
async fn no_upstream_has_a_uri_of_synapse() {
    let shadow = listed("synapse://connections");
    let world = World::new().with(script("one", vec![shadow, listed("a:1")], Vec::new()));
    let mut ide = world.modern(json!({}));
    let list = ide.result("resources/list", json!({})).await;
    assert!(
        !list.to_string().contains("synapse://connections"),
        "{list}"
    );
    assert_eq!(reader_of(&world, "synapse://connections").await, -32602);
    assert_eq!(world.connector.starts(), 0);
}
