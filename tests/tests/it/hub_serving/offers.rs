//! The hub's part of the tool list, and its cost before the first call.

use serde_json::{Value, json};
use synapse_tests::{Era, Ide};

use super::{Hub, code, text};

fn names(ide: &mut Ide) -> Vec<String> {
    let list = ide.result("tools/list", json!({}));
    let tools = list["tools"].as_array().unwrap().iter();
    tools
        .map(|tool| tool["name"].as_str().unwrap().to_owned())
        .collect()
}

fn serve(hub: &Hub, flags: &[&str]) -> Ide {
    let words = std::iter::once("serve").chain(flags.iter().copied());
    Ide::connect(hub.home.twin(words), Era::Modern)
}

#[test]
fn without_a_configuration_the_hub_offers_nothing() {
    let hub = Hub::new();
    let mut ide = hub.home.serve(Era::Modern);
    let names = names(&mut ide);
    assert!(!names.contains(&"hub_status".to_owned()), "{names:?}");
    for (method, member) in [
        ("resources/list", "resources"),
        ("resources/templates/list", "resourceTemplates"),
    ] {
        let list = ide.result(method, json!({})).to_string();
        assert!(!list.contains("synapse://hub/"), "{member}: {list}");
    }
    let unknown = ide.ask("tools/call", json!({"name": "hub_status", "arguments": {}}));
    assert_eq!(ide.reply(unknown)["error"]["code"], -32602);
}

#[test]
fn a_configuration_that_comes_late_counts_at_once() {
    let hub = Hub::new();
    let mut ide = hub.home.serve(Era::Modern);
    assert!(!names(&mut ide).contains(&"hub_status".to_owned()));
    let hub = hub.with("one", &[]).approved("one");
    assert!(names(&mut ide).contains(&"one__echo".to_owned()));
    assert_eq!(text(&ide.call("one__echo", json!({}))), "{}");
    std::fs::remove_file(hub.home.synapse().join("mcp-servers.json")).unwrap();
    assert!(!names(&mut ide).contains(&"one__echo".to_owned()));
}

#[test]
fn a_legacy_ide_hears_of_a_configuration_that_comes_late() {
    let hub = Hub::new();
    let mut ide = hub.home.serve(Era::Legacy);
    assert!(!names(&mut ide).contains(&"hub_status".to_owned()));
    let _hub = hub.with("one", &[]);
    loop {
        // Nothing is asked: the change is announced.
        let message = ide.receive();
        if message["method"] == "notifications/tools/list_changed" {
            break;
        }
    }
}

#[test]
fn an_edited_file_of_variables_counts_at_once() {
    let mut hub = Hub::new().with("one", &[]);
    let file = hub.home.path().join("one.env");
    let write = |token: &str, plain: &str| {
        crate::write(&file, &format!("GIVEN_TOKEN={token}\nPLAIN={plain}\n"));
    };
    write("fake-first-0123456789", "same");
    hub.edit("one", "envFile", json!(file));
    hub.edit(
        "one",
        "env",
        json!({"GIVEN": "${GIVEN_TOKEN}", "PLAIN": "${PLAIN}"}),
    );
    let hub = hub.approved("one");
    let mut ide = hub.home.serve(Era::Modern);
    // The token itself is taken out of what the server says.
    let given = |ide: &mut Ide| text(&ide.call("one__env", json!({}))).contains(r#""GIVEN":"#);
    assert!(given(&mut ide));
    write("fake-second-0123456789", "same");
    assert!(given(&mut ide));
    assert_eq!(
        hub.counts("one"),
        (2, 2),
        "the token is approved by its name"
    );
    write("fake-second-0123456789", "other");
    assert_eq!(code(&ide.call("one__env", json!({}))), "upstream.changed");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(code(&ide.call("one__env", json!({}))), "config.not-found");
    write("fake-third-0123456789", "same");
    assert!(given(&mut ide));
    assert_eq!(hub.counts("one"), (3, 3));
}

#[test]
fn tools_of_approved_servers_stand_beside_the_products_own_and_nothing_is_started() {
    let hub = Hub::new().with("one", &[]).with("two", &[]).approved("one");
    let mut ide = hub.home.serve(Era::Legacy);
    let names = names(&mut ide);
    for name in ["chat", "one__echo", "hub_status"] {
        assert!(names.contains(&name.to_owned()), "{names:?}");
    }
    assert!(
        !names.iter().any(|name| name.starts_with("two__")),
        "{names:?}"
    );
    let status = ide.call("hub_status", json!({}));
    assert!(
        text(&status).contains("two: upstream.not-approved (synapse hub approve two)"),
        "{status}"
    );
    ide.result("resources/list", json!({}));
    assert_eq!(hub.counts("one"), (0, 0));
    assert_eq!(hub.counts("two"), (0, 0));
}

#[test]
fn an_edit_counts_at_once_and_an_approval_brings_the_tools_back() {
    let mut hub = Hub::new().with("one", &[]).approved("one");
    let mut ide = hub.home.serve(Era::Modern);
    assert_eq!(text(&ide.call("one__echo", json!({}))), "{}");
    hub.edit("one", "env", json!({"NEW": "1"}));
    assert_eq!(code(&ide.call("one__echo", json!({}))), "upstream.changed");
    hub.approve("one");
    assert_eq!(text(&ide.call("one__echo", json!({}))), "{}");
}

#[test]
fn one_server_passes_alone_with_its_own_names() {
    let hub = Hub::new().with("one", &[]).with("two", &[]).approved("one");
    let mut ide = serve(&hub, &["--upstream", "one"]);
    assert_eq!(names(&mut ide), ["echo", "ask", "env", "crash", "hang"]);
    assert_eq!(
        ide.result("server/discover", json!({}))["instructions"],
        "A scripted server."
    );
    assert_eq!(text(&ide.call("echo", json!({"a": 1}))), r#"{"a":1}"#);
}

#[test]
fn the_hub_is_left_out_where_it_is_not_wanted() {
    let hub = Hub::new().with("one", &[]).approved("one");
    for flags in [&["--no-hub"][..], &["--read-only"]] {
        let mut ide = serve(&hub, flags);
        let names = names(&mut ide);
        assert!(!names.iter().any(|name| name.contains("__")), "{names:?}");
    }
    let contradiction = hub.home.run(["serve", "--read-only", "--upstream", "one"]);
    assert_eq!(contradiction.with_code(2).stdout, "");
}

#[test]
fn the_search_stands_in_for_long_lists() {
    let hub = Hub::new().with("one", &[]).approved("one");
    let mut ide = serve(&hub, &["--hub-mode", "search"]);
    let names = names(&mut ide);
    assert!(!names.contains(&"one__echo".to_owned()), "{names:?}");
    let found = ide.call("find_tools", json!({"query": "give arguments back"}));
    assert!(text(&found).starts_with("one__echo("), "{found}");
    let arguments = json!({"name": "one__echo", "arguments": {"a": 1}});
    assert_eq!(text(&ide.call("call_tool", arguments)), r#"{"a":1}"#);
}

#[test]
fn beyond_a_limit_the_tools_are_left_out_and_the_status_says_so() {
    let hub = Hub::new().with("one", &[]).approved("one");
    let mut ide = serve(&hub, &["--max-tools", "4"]);
    let names = names(&mut ide);
    assert!(!names.contains(&"one__echo".to_owned()), "{names:?}");
    let status: Value = ide.call("hub_status", json!({}));
    assert!(text(&status).contains("policy.tool-budget"), "{status}");
}
