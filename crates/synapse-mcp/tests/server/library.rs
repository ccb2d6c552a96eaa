//! A minimal host of every port: resources with a template, prompts, completions, and tools that
//! send requests and logs.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use synapse_mcp::host::{
    AskError, CacheHint, CacheScope, Changes, CompletionCall, Listing, LogLevel, PromptCall,
    ResourceRead, completion, referenced,
};
use synapse_mcp::{
    Caller, CompletionHost, HostError, JsonObject, PromptHost, ResourceHost, Server, ToolCall,
    ToolError, ToolHost, ToolList, ToolResult,
};

use crate::support::{Client, identity};

pub(crate) struct Library;

/// A server with all ports, two items per page, and its change feed.
pub(crate) fn library() -> (Client, Changes) {
    let changes = Changes::new();
    let host = Arc::new(Library);
    let server = Server::new(identity())
        .with_tools(host.clone())
        .with_resources(host.clone())
        .with_prompts(host.clone())
        .with_completions(host)
        .with_changes(changes.clone())
        .with_logging()
        .with_page_size(2);
    (Client::of(server), changes)
}

fn object(value: Value) -> JsonObject {
    value.as_object().unwrap().clone()
}

fn hint() -> CacheHint {
    CacheHint {
        ttl_ms: 7,
        scope: CacheScope::Public,
    }
}

fn listing(items: Vec<Value>) -> Listing {
    Listing::new(items.into_iter().map(object)).with_cache(hint())
}

#[async_trait]
impl ResourceHost for Library {
    async fn list_resources(&self, _caller: &Caller) -> Result<Listing, HostError> {
        let book = |number: u8| json!({"vendor": {"z": 1, "a": 2}, "uri": format!("book://{number}"), "name": "b"});
        Ok(listing((1..=5).map(book).collect()))
    }

    async fn list_templates(&self, _caller: &Caller) -> Result<Listing, HostError> {
        Ok(listing(vec![
            json!({"uriTemplate": "book://{number}", "name": "b"}),
        ]))
    }

    fn owns(&self, uri: &str) -> bool {
        uri.starts_with("book://")
    }

    async fn read_resource(&self, read: ResourceRead) -> Result<JsonObject, HostError> {
        match read.uri.as_str() {
            "book://1" => Ok(object(json!({
                "contents": [{"uri": "book://1", "blob": "AA==", "vendor": null}],
                "ttlMs": 9, "cacheScope": "public", "extra": read.extra,
            }))),
            "book://2" => Ok(object(json!({"contents": []}))),
            "book://3" => Err(HostError::Rpc {
                code: 1013,
                message: "burnt".to_owned(),
                data: Some(json!({"z": 1})),
            }),
            _ => Err(HostError::NotFound { uri: read.uri }),
        }
    }
}

#[async_trait]
impl PromptHost for Library {
    async fn list_prompts(&self, _caller: &Caller) -> Result<Listing, HostError> {
        Ok(listing(vec![
            json!({"name": "praise", "arguments": [{"name": "of"}]}),
        ]))
    }

    fn owns(&self, prompt: &str) -> bool {
        prompt == "praise"
    }

    async fn get_prompt(&self, call: PromptCall) -> Result<JsonObject, HostError> {
        if call.name != "praise" {
            return Err(HostError::InvalidParams {
                message: "no such prompt".to_owned(),
            });
        }
        let of = call.arguments.get("of").cloned();
        Ok(object(
            json!({"messages": [{"role": "user", "content": of}], "extra": call.extra}),
        ))
    }
}

#[async_trait]
impl CompletionHost for Library {
    fn owns(&self, reference: &JsonObject) -> bool {
        referenced(reference).is_some()
    }

    async fn complete(&self, call: CompletionCall) -> Result<JsonObject, HostError> {
        let values = (0..120).map(|number| format!("{}{number}", call.value));
        let mut result = completion(values.collect());
        result.insert(
            "seen".to_owned(),
            json!([call.reference, call.argument, call.settled]),
        );
        Ok(result)
    }
}

#[async_trait]
impl ToolHost for Library {
    async fn list_tools(&self, _caller: &Caller) -> Result<ToolList, ToolError> {
        let tool = |name: &str| object(json!({"name": name, "inputSchema": {"type": "object"}}));
        Ok(ToolList::new(["ask", "log", "third"].map(tool).to_vec()))
    }

    fn owns(&self, _tool: &str) -> bool {
        true
    }

    async fn call_tool(&self, call: ToolCall) -> Result<ToolResult, ToolError> {
        match call.name.as_str() {
            "ask" => {
                let params = object(json!({"z": 1, "message": "sure?", "a": 1.0}));
                let answer = call.client.ask("elicitation/create", params).await;
                let told = match answer {
                    Ok(value) => value,
                    Err(AskError::Refused {
                        code,
                        message,
                        data,
                    }) => json!([code, message, data]),
                    Err(error) => json!(error.to_string()),
                };
                Ok(ToolResult::new(Vec::new()).with_structured_content(told))
            }
            _ => {
                for level in [LogLevel::Debug, LogLevel::Info, LogLevel::Error] {
                    call.client
                        .log(level, Some("library"), json!({"at": level.as_str()}));
                }
                Ok(ToolResult::text("logged"))
            }
        }
    }
}
