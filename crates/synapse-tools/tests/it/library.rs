//! The product's resources, prompts and completions.

use std::sync::Arc;

use serde_json::{Value, json};
use synapse_core::engine::{Engine, Ports};
use synapse_core::ledger::UsageKey;
use synapse_core::{Code, Failure};
use synapse_mcp::host::{CompletionCall, PromptCall, ResourceRead};
use synapse_mcp::{
    Caller, CompletionHost, HostError, JsonObject, PromptHost, ProtocolRevision, ResourceHost,
    ToolHost,
};
use synapse_testkit::ports::{MemoryLedger, NamedRemedies};
use synapse_tools::{ProductCompletions, ProductPrompts, ProductResources};

use crate::bench::{bench, call, reply};

fn caller() -> Caller {
    Caller::new(ProtocolRevision::V2026_07_28)
}

fn object(value: Value) -> JsonObject {
    value.as_object().unwrap().clone()
}

async fn read(host: &ProductResources, uri: &str) -> Result<(String, Value), HostError> {
    let result = host.read_resource(ResourceRead::new(uri, caller())).await?;
    let content = &result["contents"][0];
    assert_eq!(content["uri"], uri);
    let text = content["text"].as_str().unwrap().to_owned();
    let json = match content["mimeType"].as_str().unwrap() {
        "application/json" => serde_json::from_str(&text).unwrap(),
        _ => Value::Null,
    };
    Ok((text, json))
}

async fn complete(
    host: &ProductCompletions,
    reference: Value,
    argument: &str,
    value: &str,
    settled: Value,
) -> Vec<String> {
    let mut call = CompletionCall::new(object(reference), argument, value, caller());
    call.settled = object(settled);
    let result = host.complete(call).await.unwrap();
    serde_json::from_value(result["completion"]["values"].clone()).unwrap()
}

#[tokio::test]
async fn resources_are_the_documents_without_credentials() {
    let bench = bench();
    bench.provider.will_answer(Ok(reply("the answer")));
    call(
        &bench.tools,
        "chat",
        json!({"connection": "open", "prompt": "the plan"}),
    )
    .await;
    let host = ProductResources::new(bench.engine.clone(), Arc::new(NamedRemedies));
    let listed = host.list_resources(&caller()).await.unwrap().into_objects();
    let uris: Vec<&str> = listed
        .iter()
        .map(|item| item["uri"].as_str().unwrap())
        .collect();
    assert_eq!(
        uris[..4],
        [
            "synapse://connections",
            "synapse://connections/open",
            "synapse://connections/closed",
            "synapse://usage/connection"
        ]
    );
    let id = bench.ledger.entries()[0].receipt.call_id.to_string();
    let row = format!("synapse://history/{id}");
    let mut whole = String::new();
    for uri in uris.iter().copied().chain([row.as_str()]) {
        assert!(host.owns(uri));
        let (text, document) = read(&host, uri).await.unwrap();
        assert!(document.is_object(), "{uri}");
        whole.push_str(&text);
    }
    for secret in ["/run/secrets", "the plan", "the answer"] {
        assert!(!whole.contains(secret), "{whole}");
    }
    let (_, one) = read(&host, "synapse://connections/open").await.unwrap();
    assert_eq!(one["connections"].as_array().unwrap().len(), 1);
    let (_, row) = read(&host, &row).await.unwrap();
    assert_eq!(
        (&row["call_id"], &row["outcome"]),
        (&json!(id), &json!("ok"))
    );
    let (page, _) = read(&host, "synapse://errors/gate.network-disabled")
        .await
        .unwrap();
    assert!(
        page.contains("exit code 5") && page.contains("Remedy: "),
        "{page}"
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_found_in_any_scope() {
    let bench = bench();
    call(
        &bench.tools,
        "chat",
        json!({"connection": "closed", "prompt": "hi"}),
    )
    .await;
    let id = bench.ledger.entries()[0].receipt.call_id.to_string();
    let host = ProductResources::new(bench.engine.clone(), Arc::new(NamedRemedies));
    for uri in [
        "synapse://",
        "synapse://connections/",
        "synapse://connections/nope",
        "synapse://usage/moon",
        "synapse://usage",
        "synapse://history/7",
        "synapse://errors/no.such",
        "synapse://errors",
        "synapse://history/01920000-0000-7000-8000-00000000ffff",
        "file:///etc/passwd",
        "",
        "SYNAPSE://connections",
        "synapse://connections/open/x",
    ] {
        let error = read(&host, uri).await.unwrap_err();
        assert!(
            matches!(error, HostError::NotFound { uri: found } if found == uri),
            "{uri}"
        );
    }
    let scoped = host.scoped_to("open");
    for uri in [
        "synapse://connections/closed".to_owned(),
        format!("synapse://history/{id}"),
    ] {
        let error = read(&scoped, &uri).await.unwrap_err();
        assert!(matches!(error, HostError::NotFound { .. }), "{uri}");
    }
    let listed = scoped
        .list_resources(&caller())
        .await
        .unwrap()
        .into_objects();
    let uris: Vec<&str> = listed
        .iter()
        .map(|item| item["uri"].as_str().unwrap())
        .collect();
    assert_eq!(
        uris.iter()
            .filter(|uri| uri.contains("connections"))
            .count(),
        2,
        "{uris:?}"
    );
    // Usage is limited to its own connection, whatever the key: the call was not one of its.
    let (_, by_model) = read(&scoped, "synapse://usage/model").await.unwrap();
    assert_eq!(by_model["total"]["calls"], 0, "{by_model}");
    // A failure other than absence has a code outside the range reserved by JSON-RPC.
    let unreadable = Failure::new(Code::StorageCorrupt, "the ledger is damaged");
    let engine = Engine::new(Ports {
        reader: Arc::new(MemoryLedger::failing(unreadable)),
        ..bench.engine.ports().clone()
    });
    let broken = ProductResources::new(engine, Arc::new(NamedRemedies));
    let error = read(&broken, "synapse://usage/model").await.unwrap_err();
    let HostError::Rpc { code, data, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(code, 1013);
    assert_eq!(data.unwrap()["error"]["code"], "storage.corrupt");
}

#[tokio::test]
async fn every_template_can_be_read_and_completed() {
    let bench = bench();
    bench.provider.will_answer(Ok(reply("ok")));
    call(
        &bench.tools,
        "chat",
        json!({"connection": "open", "prompt": "hi"}),
    )
    .await;
    let resources = ProductResources::new(bench.engine.clone(), Arc::new(NamedRemedies));
    let completions = ProductCompletions::new(bench.engine.clone());
    let templates = resources
        .list_templates(&caller())
        .await
        .unwrap()
        .into_objects();
    assert_eq!(templates.len(), 4);
    for template in templates {
        let uri = template["uriTemplate"].as_str().unwrap();
        let (begin, argument) = uri.trim_end_matches('}').split_once('{').unwrap();
        let reference = json!({"type": "ref/resource", "uri": uri});
        let values = complete(&completions, reference, argument, "", json!({})).await;
        assert!(!values.is_empty(), "{uri}");
        for value in values.iter().take(3) {
            read(&resources, &format!("{begin}{value}")).await.unwrap();
        }
    }
}

#[tokio::test]
async fn completions_know_what_this_machine_knows() {
    let bench = bench();
    bench.provider.will_answer(Ok(reply("ok")));
    let other = json!({"connection": "open", "prompt": "hi", "model": "m-large"});
    call(&bench.tools, "chat", other).await;
    let host = ProductCompletions::new(bench.engine.clone());
    let compare = json!({"type": "ref/prompt", "name": "compare_connections"});
    assert_eq!(
        complete(&host, compare.clone(), "first", "O", json!({})).await,
        ["open"]
    );
    let settled = json!({"first": "open"});
    assert_eq!(
        complete(&host, compare.clone(), "second", "", settled).await,
        ["closed"]
    );
    assert_eq!(
        complete(&host, compare, "prompt", "", json!({})).await,
        [""; 0]
    );
    let opinion = json!({"type": "ref/prompt", "name": "second_opinion"});
    let models = complete(&host, opinion.clone(), "model", "", json!({})).await;
    assert_eq!(models, ["m", "m-large"]);
    let settled = json!({"connection": "closed"});
    assert_eq!(
        complete(&host, opinion.clone(), "model", "", settled).await,
        ["m"]
    );
    let scoped = host.clone().scoped_to("closed");
    assert_eq!(
        complete(&scoped, opinion.clone(), "connection", "", json!({})).await,
        ["closed"]
    );
    assert_eq!(
        complete(&scoped, opinion, "model", "", json!({})).await,
        ["m"]
    );
    for reference in [
        json!({}),
        json!({"type": "ref/prompt", "name": "x"}),
        json!({"type": "ref/tool", "name": "chat"}),
    ] {
        let call = CompletionCall::new(object(reference), "a", "", caller());
        let error = host.complete(call).await.unwrap_err();
        assert!(matches!(error, HostError::InvalidParams { .. }));
    }
    assert_eq!(
        (bench.provider.lists(), bench.provider.probe_count()),
        (0, 0)
    );
}

#[tokio::test]
async fn prompts_hold_their_arguments_word_for_word() {
    let host = ProductPrompts::new();
    let listed = host.list_prompts(&caller()).await.unwrap().into_objects();
    assert_eq!(listed.len(), 3);
    for prompt in &listed {
        let name = prompt["name"].as_str().unwrap();
        let mut arguments = JsonObject::new();
        for argument in prompt["arguments"].as_array().unwrap() {
            let name = argument["name"].as_str().unwrap();
            arguments.insert(name.to_owned(), json!(format!("<{name}\n\"é\">")));
        }
        let full = host
            .get_prompt(PromptCall::new(name, arguments.clone(), caller()))
            .await
            .unwrap();
        assert_eq!(full["messages"].as_array().unwrap().len(), 1);
        let text = full["messages"][0]["content"]["text"].as_str().unwrap();
        assert!(text.contains("`chat`"), "{text}");
        for value in arguments.values() {
            assert!(text.contains(value.as_str().unwrap()), "{name}: {text}");
        }
        // Exactly the required ones are required.
        for argument in prompt["arguments"].as_array().unwrap() {
            let mut fewer = arguments.clone();
            fewer.shift_remove(argument["name"].as_str().unwrap());
            let got = host
                .get_prompt(PromptCall::new(name, fewer, caller()))
                .await;
            assert_eq!(
                got.is_err(),
                argument["required"] == true,
                "{name} {argument}"
            );
        }
        let mut odd = arguments.clone();
        odd.insert("mood".to_owned(), json!("x"));
        assert!(
            host.get_prompt(PromptCall::new(name, odd, caller()))
                .await
                .is_err()
        );
        arguments.insert("connection".to_owned(), json!(7));
        assert!(
            host.get_prompt(PromptCall::new(name, arguments, caller()))
                .await
                .is_err()
        );
    }
    let scoped = host.for_one_connection();
    assert_eq!(scoped.list_prompts(&caller()).await.unwrap().items.len(), 2);
    assert!(!scoped.owns("compare_connections"));
}

#[tokio::test]
async fn the_guide_names_what_is_offered() {
    let guide = include_str!("../../../../docs/guides/ide-tools.md");
    let bench = bench();
    let resources = ProductResources::new(bench.engine.clone(), Arc::new(NamedRemedies));
    let listings = [
        ("name", bench.tools.list_tools(&caller()).await.unwrap()),
        (
            "uriTemplate",
            resources.list_templates(&caller()).await.unwrap(),
        ),
        (
            "name",
            ProductPrompts::new().list_prompts(&caller()).await.unwrap(),
        ),
    ];
    let names = listings.iter().flat_map(|(member, listing)| {
        let items = listing.clone().into_objects().into_iter();
        items.map(|item| item[*member].as_str().unwrap().to_owned())
    });
    let mut count = 0;
    let keys = UsageKey::ALL.map(|key| key.as_str().to_owned());
    for name in names.chain(keys) {
        assert!(guide.contains(&format!("`{name}`")), "{name}");
        count += 1;
    }
    assert_eq!(count, 6 + 4 + 3 + 10);
}
