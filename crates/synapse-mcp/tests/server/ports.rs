//! Resources, prompts and completions: raw in both directions, paginated, in the form of each era.

use serde_json::{Value, json};

use crate::library::library;
use crate::support::{Client, modern};

fn server_info() -> Value {
    let info = json!({"name": "synapse", "title": "Synapse", "version": "0.1.0"});
    json!({"io.modelcontextprotocol/serverInfo": info})
}

/// Every page of a list.
async fn all_pages(
    client: &mut Client,
    method: &str,
    member: &str,
    era: fn(Value) -> Value,
) -> Vec<Value> {
    let mut items = Vec::new();
    let mut params = json!({});
    loop {
        let reply = client.request(1, method, era(params)).await;
        let result = &reply["result"];
        assert_eq!(
            result.get("ttlMs").is_some(),
            result.get("resultType").is_some()
        );
        items.extend(result[member].as_array().unwrap().iter().cloned());
        match result.get("nextCursor") {
            Some(cursor) => params = json!({ "cursor": cursor }),
            None => return items,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_offered_is_advertised_in_both_eras() {
    let (mut client, _changes) = library();
    let expected = json!({
        "logging": {},
        "completions": {},
        "prompts": {"listChanged": true},
        "resources": {"subscribe": true, "listChanged": true},
        "tools": {"listChanged": true},
    });
    let discovered = client
        .request(1, "server/discover", modern(json!({})))
        .await;
    assert_eq!(discovered["result"]["capabilities"], expected);
    let introduction = crate::support::introduction("2025-11-25");
    let initialized = client.request(2, "initialize", introduction).await;
    assert_eq!(initialized["result"]["capabilities"], expected);
}

#[tokio::test(start_paused = true)]
async fn lists_come_in_pages_that_cover_them_once() {
    let (client, _changes) = library();
    let mut client = client.initialized("2025-11-25").await;
    for era in [modern as fn(Value) -> Value, |params| params] {
        let resources = all_pages(&mut client, "resources/list", "resources", era).await;
        let uris: Vec<&Value> = resources.iter().map(|each| &each["uri"]).collect();
        assert_eq!(
            uris,
            ["book://1", "book://2", "book://3", "book://4", "book://5"]
        );
        assert_eq!(
            resources[0].to_string(),
            r#"{"vendor":{"z":1,"a":2},"uri":"book://1","name":"b"}"#
        );
        let tools = all_pages(&mut client, "tools/list", "tools", era).await;
        assert_eq!(tools.len(), 3);
        let member = "resourceTemplates";
        let templates = all_pages(&mut client, "resources/templates/list", member, era).await;
        assert_eq!(templates.len(), 1);
        assert_eq!(
            all_pages(&mut client, "prompts/list", "prompts", era)
                .await
                .len(),
            1
        );
    }
    for method in [
        "resources/list",
        "resources/templates/list",
        "prompts/list",
        "tools/list",
    ] {
        let reply = client.request(1, method, json!({"cursor": "else"})).await;
        assert_eq!(reply["error"]["code"], -32602, "{method}: {reply}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_resource_is_what_its_host_says_and_has_a_cache_hint() {
    let (client, _changes) = library();
    let mut client = client.initialized("2025-11-25").await;
    let read = json!({"uri": "book://1", "inputResponses": {}});
    let reply = client
        .request(1, "resources/read", modern(read.clone()))
        .await;
    assert_eq!(
        reply["result"],
        json!({
            "contents": [{"uri": "book://1", "blob": "AA==", "vendor": null}],
            "ttlMs": 9, "cacheScope": "public", "extra": {"inputResponses": {}},
            "resultType": "complete", "_meta": server_info(),
        })
    );
    let reply = client
        .request(1, "resources/read", modern(json!({"uri": "book://2"})))
        .await;
    assert_eq!(
        reply["result"],
        json!({"contents": [], "ttlMs": 0, "cacheScope": "private", "resultType": "complete", "_meta": server_info()})
    );
    let reply = client
        .request(1, "resources/read", json!({"uri": "book://2"}))
        .await;
    assert_eq!(reply["result"], json!({"contents": []}));
}

#[tokio::test(start_paused = true)]
async fn a_resource_that_is_not_there_has_the_code_of_the_era() {
    let (client, _changes) = library();
    let mut client = client.initialized("2025-11-25").await;
    let missing = json!({"uri": "book://99"});
    for (params, code) in [(missing.clone(), -32002), (modern(missing), -32602)] {
        let reply = client.request(1, "resources/read", params).await;
        let error =
            json!({"code": code, "message": "resource not found", "data": {"uri": "book://99"}});
        assert_eq!(reply["error"], error);
    }
    let reply = client
        .request(1, "resources/read", json!({"uri": "book://3"}))
        .await;
    assert_eq!(
        reply["error"],
        json!({"code": 1013, "message": "burnt", "data": {"z": 1}})
    );
    for params in [json!({}), json!({"uri": 7})] {
        let reply = client.request(1, "resources/read", params).await;
        assert_eq!(reply["error"]["code"], -32602);
    }
}

#[tokio::test(start_paused = true)]
async fn prompts_and_completions_cross_raw() {
    let (client, _changes) = library();
    let mut client = client.initialized("2025-11-25").await;
    let get = json!({"name": "praise", "arguments": {"of": "tea"}, "requestState": "s"});
    let reply = client.request(1, "prompts/get", modern(get)).await;
    assert_eq!(
        reply["result"],
        json!({
            "messages": [{"role": "user", "content": "tea"}], "extra": {"requestState": "s"},
            "resultType": "complete", "_meta": server_info(),
        })
    );
    let reply = client
        .request(1, "prompts/get", json!({"name": "scorn"}))
        .await;
    assert_eq!(reply["error"]["code"], -32602);
    let asked = json!({
        "ref": {"type": "ref/prompt", "name": "praise", "vendor": 1},
        "argument": {"name": "of", "value": "te"},
        "context": {"arguments": {"by": "me"}},
    });
    let reply = client.request(1, "completion/complete", asked).await;
    let completed = &reply["result"]["completion"];
    assert_eq!(completed["values"].as_array().unwrap().len(), 100);
    assert_eq!(
        (&completed["total"], &completed["hasMore"]),
        (&json!(120), &json!(true))
    );
    let seen = json!([{"type": "ref/prompt", "name": "praise", "vendor": 1}, "of", {"by": "me"}]);
    assert_eq!(reply["result"]["seen"], seen);
    for params in [
        json!({}),
        json!({"ref": {}, "argument": {"name": "a"}}),
        json!({"ref": 7}),
    ] {
        let reply = client.request(1, "completion/complete", params).await;
        assert_eq!(reply["error"]["code"], -32602);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_offered_does_not_exist() {
    let mut client = Client::start_legacy("2025-11-25").await;
    for method in [
        "resources/list",
        "resources/templates/list",
        "resources/read",
        "resources/subscribe",
        "resources/unsubscribe",
        "prompts/list",
        "prompts/get",
        "completion/complete",
        "logging/setLevel",
        "subscriptions/listen",
    ] {
        let reply = client
            .request(1, method, json!({"level": "info", "uri": "x"}))
            .await;
        assert_eq!(reply["error"]["code"], -32601, "{method}: {reply}");
    }
}
