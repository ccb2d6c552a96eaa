//! Secrets: resolved when an upstream starts, passed to it alone, and redacted from its output.

use serde_json::json;
use synapse_core::upstream::{Piece, Template};

use crate::support::with_variable;
use crate::support::{Script, World, entry};

const SECRET: &str = "fake-0123456789-secret-value";

#[tokio::test]
async fn a_secret_is_read_at_the_start_and_not_before() {
    let reference = Template {
        pieces: vec![Piece::Secret("env:FILES_TOKEN".parse().unwrap())],
    };
    let said = json!({
        "content": [{"type": "text", "text": format!("I know {SECRET} well")}],
        "_meta": {SECRET: 1},
    });
    let upstream = with_variable(entry("files"), "TOKEN", reference);
    let script = Script::legacy("files", vec![json!({"name": "read"})]).saying(said);
    let world = World::new().with_entry(upstream, script);
    let mut ide = world.modern(json!({}));
    ide.tools().await;
    assert_eq!(world.secrets.reads(), 0);
    let result = ide.call("files__read", json!({})).await;
    assert_eq!(world.secrets.reads(), 1);
    assert!(!result.to_string().contains(SECRET), "{result}");
    assert_eq!(result["content"][0]["text"], "I know [redacted] well");
    ide.call("files__read", json!({})).await;
    assert_eq!(world.secrets.reads(), 1);
}

#[tokio::test]
async fn a_large_result_is_cleaned_too() {
    let reference = Template {
        pieces: vec![Piece::Secret("env:FILES_TOKEN".parse().unwrap())],
    };
    let text = format!("{}{SECRET}{}", "x ".repeat(100_000), "y ".repeat(100_000));
    let said = json!({"content": [{"type": "text", "text": text}]});
    let upstream = with_variable(entry("files"), "TOKEN", reference);
    let script = Script::legacy("files", vec![json!({"name": "read"})]).saying(said);
    let world = World::new().with_entry(upstream, script);
    let result = world.modern(json!({})).call("files__read", json!({})).await;
    let text = result["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("[redacted]") && !text.contains(SECRET));
    assert!(text.len() > 400_000);
}
