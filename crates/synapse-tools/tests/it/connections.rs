//! The tool `list_connections`.

use serde_json::json;

use crate::bench::{bench, call, code};

#[tokio::test]
async fn the_list_is_what_a_model_needs_and_nothing_of_the_credential() {
    let bench = bench();
    let result = call(&bench.tools, "list_connections", json!({})).await;
    let document = &result["structuredContent"];
    assert_eq!(document["schema"], "synapse.connections/1");
    let names: Vec<&str> = document["connections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| each["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["open", "closed"]);
    assert_eq!(document["connections"][1]["network"], "closed");
    let whole = serde_json::to_string(&result).unwrap();
    assert!(!whole.contains("/run/secrets"), "{whole}");
}

#[tokio::test]
async fn scope_and_arguments_count_here_too() {
    let bench = bench();
    let scoped = bench.tools.clone().scoped_to("open");
    let result = call(&scoped, "list_connections", json!({})).await;
    assert_eq!(
        result["structuredContent"]["connections"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let odd = call(&bench.tools, "list_connections", json!({"x": 1})).await;
    assert_eq!(code(&odd), "usage.invalid-arguments");
}
