//! What `tools/list` says of the product's own tools: constants, so that the answer is the same
//! every time and costs nothing.

use serde_json::{Value, json};

use crate::JsonObject;

/// The tool that sends one prompt.
pub(super) const CHAT: &str = "chat";
/// The tool that lists connections.
pub(super) const LIST_CONNECTIONS: &str = "list_connections";

/// The descriptions, in the order of the list.
pub(super) fn tools() -> Vec<JsonObject> {
    [chat(), list_connections()]
        .into_iter()
        .filter_map(|tool| match tool {
            Value::Object(tool) => Some(tool),
            _ => None,
        })
        .collect()
}

fn chat() -> Value {
    json!({
        "name": CHAT,
        "title": "Ask a model",
        "description": "Sends one prompt to a model of the user's own account, exactly as given, as one HTTP request that may cost money. Returns the answer and a receipt (model served, tokens, cost, latency).",
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
                "parallel_tool_calls": { "type": "boolean" }
            },
            "additionalProperties": false
        },
        "outputSchema": document(json!({
            "content": { "type": ["string", "null"] },
            "reasoning": { "type": ["string", "null"] },
            "refusal": { "type": ["string", "null"] },
            "tool_calls": { "type": "array" },
            "receipt": { "type": ["object", "null"] },
            "error": { "type": "object" }
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
        "description": "Lists the user's model connections: name, provider, model, and whether live calls are allowed. Sends nothing.",
        "inputSchema": { "type": "object", "properties": {}, "additionalProperties": false },
        "outputSchema": document(json!({
            "connections": { "type": "array", "items": { "type": "object" } },
            "error": { "type": "object" }
        })),
        "annotations": { "readOnlyHint": true, "idempotentHint": true, "openWorldHint": false }
    })
}

/// The schema of a document: success and failure share `schema` and `ok`.
fn document(properties: Value) -> Value {
    let mut all = json!({ "schema": { "type": "string" }, "ok": { "type": "boolean" } });
    if let (Value::Object(all), Value::Object(properties)) = (&mut all, properties) {
        all.extend(properties);
    }
    json!({ "type": "object", "properties": all, "required": ["schema", "ok"] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole_and_small() {
        let tools = tools();
        let names: Vec<&str> = tools
            .iter()
            .filter_map(|tool| tool["name"].as_str())
            .collect();
        assert_eq!(names, [CHAT, LIST_CONNECTIONS]);
        let size = serde_json::to_string(&tools).unwrap().len();
        assert!(
            size < 3_600,
            "{size} bytes: every client pays for them in every session"
        );
    }
}
