//! Delivery of change notifications, and their ids.

use serde_json::{Value, json};
use synapse_mcp::host::ListChange;

use crate::library::library;
use crate::support::{Client, modern};

const ID: &str = "io.modelcontextprotocol/subscriptionId";

fn resource(uri: &str) -> ListChange {
    ListChange::Resource {
        uri: uri.to_owned(),
    }
}

/// Sends a listen request and returns the accepted filter.
async fn listen(client: &mut Client, id: Value, filter: Value) -> Value {
    let params = modern(json!({ "notifications": filter }));
    client
        .send_request(id.clone(), "subscriptions/listen", params)
        .await;
    let message = client.receive().await;
    assert_eq!(
        message["method"],
        "notifications/subscriptions/acknowledged"
    );
    assert_eq!(message["params"]["_meta"], json!({ ID: id }));
    message["params"]["notifications"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_subscription_hears_what_it_asked_for_under_its_own_id() {
    let (mut client, changes) = library();
    let filter = json!({
        "toolsListChanged": true, "promptsListChanged": false,
        "resourceSubscriptions": ["book://1"], "vendor": 1,
    });
    let accepted = listen(&mut client, json!(9_007_199_254_740_993_u64), filter).await;
    assert_eq!(
        accepted,
        json!({"toolsListChanged": true, "resourceSubscriptions": ["book://1"]})
    );
    let lists = json!({"resourcesListChanged": true, "promptsListChanged": true});
    assert_eq!(listen(&mut client, json!("b"), lists.clone()).await, lists);
    for change in [
        ListChange::Tools,
        ListChange::Prompts,
        ListChange::Resources,
        resource("book://1"),
        resource("book://2"),
    ] {
        changes.tell(change);
    }
    let mut heard = Vec::new();
    for _ in 0..4 {
        let message = client.receive().await;
        heard.push((
            message["params"]["_meta"][ID].clone(),
            message["method"].as_str().unwrap().to_owned(),
            message["params"]["uri"].clone(),
        ));
    }
    heard.sort_by_key(|(id, method, _)| (id.is_string(), method.clone()));
    let number = json!(9_007_199_254_740_993_u64);
    let expected = [
        (
            number.clone(),
            "notifications/resources/updated",
            json!("book://1"),
        ),
        (number, "notifications/tools/list_changed", Value::Null),
        (
            json!("b"),
            "notifications/prompts/list_changed",
            Value::Null,
        ),
        (
            json!("b"),
            "notifications/resources/list_changed",
            Value::Null,
        ),
    ];
    assert_eq!(
        heard,
        expected.map(|(id, method, uri)| (id, method.to_owned(), uri))
    );
}

#[tokio::test(start_paused = true)]
async fn a_subscription_ends_when_cancelled_and_gracefully_with_the_input() {
    let (mut client, changes) = library();
    let tools = json!({"toolsListChanged": true});
    listen(&mut client, json!(1), tools.clone()).await;
    listen(&mut client, json!(2), tools).await;
    client.cancel(1).await;
    // Lines are read in order, so the cancellation has taken effect by now.
    let reply = client.request(3, "tools/list", modern(json!({}))).await;
    assert!(reply["result"].is_object());
    changes.tell(ListChange::Tools);
    assert_eq!(client.receive().await["params"]["_meta"], json!({ ID: 2 }));
    let rest = client.finish().await;
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert_eq!(rest[0]["id"], 2);
    assert_eq!(rest[0]["result"]["resultType"], "complete");
    assert_eq!(rest[0]["result"]["_meta"][ID], 2);
}

#[tokio::test(start_paused = true)]
async fn a_server_without_changes_accepts_nothing_and_stays_silent() {
    let mut client = Client::start();
    let all = json!({"toolsListChanged": true, "resourceSubscriptions": ["x"]});
    assert_eq!(listen(&mut client, json!(1), all).await, json!({}));
    let rest = client.finish().await;
    assert_eq!(rest[0]["result"]["resultType"], "complete");
}

#[tokio::test(start_paused = true)]
async fn a_filter_of_another_shape_is_refused() {
    let (mut client, _changes) = library();
    for params in [
        json!({}),
        json!({"notifications": []}),
        json!({"notifications": {"toolsListChanged": 1}}),
        json!({"notifications": {"resourceSubscriptions": "x"}}),
        json!({"notifications": {"resourceSubscriptions": [1]}}),
    ] {
        let reply = client
            .request(1, "subscriptions/listen", modern(params))
            .await;
        assert_eq!(reply["error"]["code"], -32602, "{reply}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_hears_of_lists_and_of_the_resources_it_subscribed() {
    let (client, changes) = library();
    let mut client = client.initialized("2025-11-25").await;
    let uri = json!({"uri": "book://1"});
    let reply = client.request(1, "resources/subscribe", uri.clone()).await;
    assert_eq!(reply["result"], json!({}));
    for change in [
        resource("book://2"),
        resource("book://1"),
        ListChange::Prompts,
    ] {
        changes.tell(change);
    }
    let message = client.receive().await;
    let updated =
        json!({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": uri});
    assert_eq!(message, updated);
    assert_eq!(
        client.receive().await["method"],
        "notifications/prompts/list_changed"
    );
    let reply = client.request(2, "resources/unsubscribe", uri).await;
    assert_eq!(reply["result"], json!({}));
    changes.tell(resource("book://1"));
    client.expect_silence().await;
    let reply = client.request(3, "resources/subscribe", json!({})).await;
    assert_eq!(reply["error"]["code"], -32602);
}

#[tokio::test(start_paused = true)]
async fn nothing_unasked_comes_before_initialized() {
    let (mut client, changes) = library();
    let introduction = crate::support::introduction("2025-11-25");
    client.request(1, "initialize", introduction).await;
    changes.tell(ListChange::Tools);
    client.expect_silence().await;
    client
        .send_line(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        .await;
    client.expect_silence().await;
    changes.tell(ListChange::Tools);
    assert_eq!(
        client.receive().await["method"],
        "notifications/tools/list_changed"
    );
}

#[tokio::test(start_paused = true)]
async fn who_falls_behind_hears_that_anything_may_have_changed() {
    let (mut client, changes) = library();
    let filter = json!({"toolsListChanged": true, "resourceSubscriptions": ["book://1"]});
    listen(&mut client, json!(1), filter).await;
    for _ in 0..1000 {
        changes.tell(resource("book://2"));
    }
    assert_eq!(
        client.receive().await["method"],
        "notifications/tools/list_changed"
    );
    assert_eq!(client.receive().await["params"]["uri"], "book://1");
}
