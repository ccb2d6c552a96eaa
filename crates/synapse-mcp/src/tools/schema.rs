//! What `tools/list` says of the product's own tools: the same every time, and made when it is
//! asked for.

use serde_json::{Value, json};

use super::Tool;
use crate::JsonObject;

/// The tool that sends one prompt.
pub(super) const CHAT: &str = "chat";
/// The tool that lists connections.
pub(super) const LIST_CONNECTIONS: &str = "list_connections";

/// The tool that lists the models of a provider.
pub(super) const LIST_MODELS: &str = "list_models";
/// The tool that checks a connection.
pub(super) const PREFLIGHT: &str = "preflight";
/// The tool that sums over the ledger.
pub(super) const USAGE: &str = "usage";
/// The tool that shows rows of the ledger.
pub(super) const HISTORY: &str = "history";

/// What clients are told of a tool.
pub(super) fn describe(tool: Tool) -> JsonObject {
    let description = match tool {
        Tool::Chat => chat(),
        Tool::ListConnections => list_connections(),
        Tool::ListModels => list_models(),
        Tool::Preflight => preflight(),
        Tool::Usage => usage(),
        Tool::History => history(),
    };
    match description {
        Value::Object(description) => description,
        // Every one of them is written as an object below.
        _ => JsonObject::new(),
    }
}

fn chat() -> Value {
    json!({
        "name": CHAT,
        "title": "Ask a model",
        "description": "Sends one prompt to a model of the user's own account, exactly as given: one HTTP request that may cost money. Returns the answer and a receipt (model, tokens, cost, latency).",
        "inputSchema": {
            "type": "object",
            "properties": {
                "connection": { "type": "string", "description": "Name from list_connections; optional when there is only one" },
                "prompt": { "type": "string", "description": "The user message; or give messages" },
                "messages": {
                    "type": "array",
                    "description": "A conversation instead of prompt",
                    "items": {
                        "type": "object",
                        "properties": {
                            "role": { "enum": ["system", "developer", "user", "assistant", "tool"] },
                            "content": { "description": "Text, or a list of parts: {type: \"text\", text} or {type: \"image_url\", image_url: {url, detail}} with an https or data URL; null beside tool_calls" },
                            "name": { "type": "string" },
                            "tool_calls": { "type": "array", "items": { "type": "object" }, "description": "Of an assistant message, as returned earlier" },
                            "tool_call_id": { "type": "string", "description": "Of a tool message" }
                        },
                        "required": ["role"],
                        "additionalProperties": false
                    }
                },
                "system": { "type": "string", "description": "System message to send first" },
                "model": { "type": "string", "description": "Another model than the connection's" },
                "max_tokens": { "type": "integer", "minimum": 1, "description": "Cap on generated tokens, reasoning included" },
                "temperature": { "type": "number" },
                "top_p": { "type": "number" },
                "stop": { "type": "array", "items": { "type": "string" } },
                "seed": { "type": "integer" },
                "reasoning_effort": { "type": "string" },
                "verbosity": { "type": "string" },
                "frequency_penalty": { "type": "number" },
                "presence_penalty": { "type": "number" },
                "service_tier": { "type": "string" },
                "response_format": { "type": "object", "description": "As the API takes it, such as {type: \"json_schema\", json_schema: {name, schema}}" },
                "tools": { "type": "array", "items": { "type": "object" }, "description": "Tools the model may ask for: {type: \"function\", function: {name, parameters}}. None is run; calls come back as tool_calls" },
                "tool_choice": { "description": "none, auto, required, or an object that names a tool" },
                "parallel_tool_calls": { "type": "boolean" },
                "timeout_seconds": { "type": "integer", "minimum": 1, "description": "Give up earlier than the connection does" }
            },
            "additionalProperties": false
        },
        "outputSchema": document(json!({
            "content": { "type": ["string", "null"] },
            "reasoning": { "type": ["string", "null"] },
            "refusal": { "type": ["string", "null"] },
            "tool_calls": { "type": "array" },
            "receipt": { "type": ["object", "null"] }
        })),
        "annotations": {
            "readOnlyHint": false,
            "destructiveHint": false,
            "idempotentHint": false,
            "openWorldHint": true
        }
    })
}

fn list_connections() -> Value {
    json!({
        "name": LIST_CONNECTIONS,
        "title": "List connections",
        "description": "Lists the user's model connections: name, provider, model, whether live calls are allowed. Sends nothing.",
        "inputSchema": input(json!({})),
        "outputSchema": document(json!({ "connections": { "type": "array" } })),
        "annotations": local()
    })
}

fn list_models() -> Value {
    json!({
        "name": LIST_MODELS,
        "title": "List models",
        "description": "Asks a connection's provider for its models: one free request.",
        "inputSchema": input(json!({
            "connection": { "type": "string" },
            "search": { "type": "string", "description": "Part of the model id" },
            "limit": { "type": "integer", "minimum": 1, "maximum": 1000, "default": 50 }
        })),
        "outputSchema": document(json!({ "models": { "type": "array" }, "total": { "type": "integer" } })),
        "annotations": { "readOnlyHint": true, "openWorldHint": true }
    })
}

fn preflight() -> Value {
    json!({
        "name": PREFLIGHT,
        "title": "Check a connection",
        "description": "Checks a connection step by step (gate, key, host, token, model). Free, unless live.",
        "inputSchema": input(json!({
            "connection": { "type": "string" },
            "live": { "type": "boolean", "description": "Also send one tiny paid prompt" }
        })),
        "outputSchema": document(json!({ "checks": { "type": "array" }, "unproven": { "type": "array" } })),
        "annotations": { "readOnlyHint": false, "destructiveHint": false, "openWorldHint": true }
    })
}

fn usage() -> Value {
    json!({
        "name": USAGE,
        "title": "Usage and cost",
        "description": "Sums calls, tokens and cost (nano-USD); the unknown is counted, not guessed. Sends nothing.",
        "inputSchema": input(json!({
            "by": { "enum": synapse_core::ledger::UsageKey::ALL.map(|key| key.as_str()) },
            "since": { "type": "string", "description": "30d, 12h or 2026-11-01" }
        })),
        "outputSchema": document(json!({ "lines": { "type": "array" }, "total": { "type": "object" } })),
        "annotations": local()
    })
}

fn history() -> Value {
    json!({
        "name": HISTORY,
        "title": "Past calls",
        "description": "Past calls and refusals, newest first, or one by call_id: receipt and outcome. Sends nothing.",
        "inputSchema": input(json!({
            "call_id": { "type": "string" },
            "connection": { "type": "string" },
            "outcome": { "enum": synapse_core::ledger::Outcome::ALL.map(|outcome| outcome.as_str()) },
            "before": { "type": "string", "description": "Call id; for the next page" },
            "limit": { "type": "integer", "minimum": 1, "maximum": 200, "default": 20 }
        })),
        "outputSchema": document(json!({ "entries": { "type": "array" }, "next": { "type": ["string", "null"] } })),
        "annotations": local()
    })
}

fn local() -> Value {
    json!({ "readOnlyHint": true, "openWorldHint": false })
}

fn input(properties: Value) -> Value {
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// The schema of a document: success and failure share `schema` and `ok`, a failure has `error`.
fn document(properties: Value) -> Value {
    let mut all = json!({ "schema": { "type": "string" }, "ok": { "type": "boolean" } });
    if let (Value::Object(all), Value::Object(properties)) = (&mut all, properties) {
        all.extend(properties);
        all.insert("error".to_owned(), json!({}));
    }
    json!({ "type": "object", "properties": all, "required": ["schema", "ok"] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole_and_small() {
        let tools = Tool::ALL.map(describe);
        let names = tools.each_ref().map(|tool| tool["name"].as_str().unwrap());
        assert_eq!(names, Tool::ALL.map(Tool::as_str));
        let size = serde_json::to_string(&json!({ "tools": tools }))
            .unwrap()
            .len();
        assert!(
            size <= 5_900,
            "{size} bytes: every client pays for them in every session"
        );
    }

    #[test]
    fn every_tool_says_what_clients_go_by() {
        for tool in Tool::ALL {
            let described = describe(tool);
            for member in ["title", "description"] {
                assert!(described[member].is_string(), "{tool:?} {member}");
            }
            for member in ["inputSchema", "outputSchema"] {
                assert_eq!(described[member]["type"], "object", "{tool:?} {member}");
            }
            let annotations = &described["annotations"];
            assert_eq!(annotations["openWorldHint"], !tool.is_local(), "{tool:?}");
            if tool.is_local() {
                assert_eq!(annotations["readOnlyHint"], true, "{tool:?}");
            }
        }
    }
}
