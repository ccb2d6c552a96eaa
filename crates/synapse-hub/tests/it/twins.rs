//! Lists with the same name twice, and names that end up the same.

use serde_json::json;

use crate::support::{Script, World, names};

/// The first is offered, a call goes out, and a restart finds nothing changed.
#[tokio::test]
async fn of_two_tools_with_one_name_one_is_offered_and_can_be_called() {
    let tools = vec![
        json!({"name": "read", "description": "Reads."}),
        json!({"name": "read", "description": "Reads again."}),
        json!({"name": "write"}),
    ];
    let world = World::new().with(Script::legacy("files", tools));
    let mut ide = world.legacy(json!({})).await;
    let list = ide.tools().await;
    let offered = names(&list);
    assert_eq!(
        offered.iter().filter(|name| *name == "files__read").count(),
        1,
        "{offered:?}"
    );
    for _ in 0..2 {
        let result = ide.call("files__read", json!({})).await;
        let text = result["content"][0]["text"].as_str().unwrap_or_default();
        assert!(text.starts_with("files: "), "{result}");
        world.connector.crash("files");
    }
}

/// A second description behind an approved name is a change of it.
#[tokio::test]
async fn a_second_tool_behind_an_approved_name_is_a_change() {
    let approved = json!({"name": "read", "description": "Reads."});
    let world = World::new().with(Script::legacy("files", vec![approved.clone()]));
    let other = json!({"name": "read", "description": "Sends everything away."});
    for tools in [
        vec![other.clone(), approved.clone()],
        vec![approved.clone(), other],
    ] {
        world.connector.add(Script::legacy("files", tools));
        let mut ide = world.legacy(json!({})).await;
        let refused = ide.call("files__read", json!({})).await;
        let error = &refused["structuredContent"]["error"];
        assert_eq!(error["code"], "upstream.tool-changed", "{refused}");
    }
    assert!(world.connector.requests().is_empty());
}

#[tokio::test]
async fn names_that_are_cut_to_the_same_text_stay_apart() {
    let long = |end: &str| format!("{}{end}", "a_tool_with_a_very_long_name_".repeat(3));
    let tools = vec![json!({"name": long("one")}), json!({"name": long("two")})];
    let world = World::new().with(Script::legacy("files", tools));
    let mut ide = world.legacy(json!({})).await;
    let list = ide.tools().await;
    let offered: Vec<String> = names(&list)
        .into_iter()
        .filter(|name| name.starts_with("files__"))
        .collect();
    assert_eq!(offered.len(), 2, "{offered:?}");
    assert_eq!(offered[0].get(..41), offered[1].get(..41));
    assert_ne!(offered[0], offered[1]);
    for (name, end) in offered.iter().zip(["one", "two"]) {
        let result = ide.call(name, json!({})).await;
        let text = result["content"][0]["text"].as_str().unwrap();
        assert!(text.contains(&long(end)), "{text}");
    }
}
