//! The descriptions of the product's own tools for `tools/list`: constant, built on demand.

use serde_json::{Value, json};
use synapse_core::ledger::{Outcome, UsageKey};
use synapse_mcp::JsonObject;

use super::Tool;
use super::shape::ArgumentShape::{
    self, Closed, Count, Either, Flag, Integer, List, Number, Open, Speech, Text, Word,
};
use super::shape::SchemaMember;

/// The tool that sends one prompt.
pub(super) const CHAT: &str = "chat";
/// The tool that lists connections.
pub(super) const LIST_CONNECTIONS: &str = "list_connections";

/// The tool that lists a provider's models.
pub(super) const LIST_MODELS: &str = "list_models";
/// The tool that checks a connection.
pub(super) const PREFLIGHT: &str = "preflight";
/// The tool that sums over the ledger.
pub(super) const USAGE: &str = "usage";
/// The tool that lists ledger rows.
pub(super) const HISTORY: &str = "history";

/// A tool's description for clients.
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
        // All of them are objects.
        _ => JsonObject::new(),
    }
}

/// The arguments of a tool.
pub(super) const fn arguments(tool: Tool) -> &'static [SchemaMember] {
    match tool {
        Tool::Chat => CHAT_ARGUMENTS,
        Tool::ListConnections => &[],
        Tool::ListModels => LIST_MODELS_ARGUMENTS,
        Tool::Preflight => PREFLIGHT_ARGUMENTS,
        Tool::Usage => USAGE_ARGUMENTS,
        Tool::History => HISTORY_ARGUMENTS,
    }
}

const CHAT_ARGUMENTS: &[SchemaMember] = &[
    SchemaMember::new(
        "connection",
        Text,
        "Name from list_connections; optional with one, or a default",
    ),
    SchemaMember::new("prompt", Text, "The user message; or give messages"),
    SchemaMember::new(
        "messages",
        List(&Closed(MESSAGE)),
        "A conversation instead of prompt",
    ),
    SchemaMember::new("system", Text, "System message to send first"),
    SchemaMember::new("model", Text, "Another model than the connection's"),
    SchemaMember::new(
        "max_tokens",
        FROM_ONE,
        "Cap on generated tokens, reasoning included",
    ),
    SchemaMember::new("temperature", Number, ""),
    SchemaMember::new("top_p", Number, ""),
    SchemaMember::new("stop", List(&Text), ""),
    SchemaMember::new("seed", Integer, ""),
    SchemaMember::new("reasoning_effort", Text, ""),
    SchemaMember::new("verbosity", Text, ""),
    SchemaMember::new("frequency_penalty", Number, ""),
    SchemaMember::new("presence_penalty", Number, ""),
    SchemaMember::new("service_tier", Text, ""),
    SchemaMember::new(
        "response_format",
        TYPED,
        "As the API takes it, such as {type: \"json_schema\", json_schema: {name, schema}}",
    ),
    SchemaMember::new(
        "tools",
        List(&TYPED),
        "Tools the model may ask for: {type: \"function\", function: {name, parameters}}. None is run; calls come back as tool_calls",
    ),
    SchemaMember::new(
        "tool_choice",
        Either(&[(Text, "none, auto, required"), (TYPED, "Names a tool")]),
        "",
    ),
    SchemaMember::new("parallel_tool_calls", Flag, ""),
    SchemaMember::new(
        "timeout_seconds",
        Count {
            least: 1,
            most: Some(MAX_TIMEOUT_SECONDS),
        },
        "Give up earlier than the connection does",
    ),
];

const MESSAGE: &[SchemaMember] = &[
    SchemaMember::required(
        "role",
        Word(|| vec!["system", "developer", "user", "assistant", "tool"]),
    ),
    SchemaMember::new(
        "content",
        Either(&[
            (Speech, "May be absent beside tool_calls"),
            (List(&Closed(PART)), ""),
        ]),
        "",
    ),
    SchemaMember::new("name", Text, ""),
    SchemaMember::new(
        "tool_calls",
        List(&Open(&[SchemaMember::new("id", Text, "")])),
        "Of an assistant message, as returned earlier",
    ),
    SchemaMember::new("tool_call_id", Text, "Of a tool message"),
];

const PART: &[SchemaMember] = &[
    SchemaMember::required("type", Word(|| vec!["text", "image_url"])),
    SchemaMember::new("text", Speech, ""),
    SchemaMember::new(
        "image_url",
        Open(&[SchemaMember::new("url", Text, "https or data URL")]),
        "",
    ),
];

const LIST_MODELS_ARGUMENTS: &[SchemaMember] = &[
    SchemaMember::new("connection", Text, ""),
    SchemaMember::new("search", Text, "Part of the model id"),
    SchemaMember::new(
        "limit",
        Count {
            least: 1,
            most: Some(1000),
        },
        "default 50",
    ),
];

const PREFLIGHT_ARGUMENTS: &[SchemaMember] = &[
    SchemaMember::new("connection", Text, ""),
    SchemaMember::new("live", Flag, "Also send one tiny paid prompt"),
];

const USAGE_ARGUMENTS: &[SchemaMember] = &[
    SchemaMember::new(
        "by",
        Word(|| UsageKey::ALL.map(UsageKey::as_str).to_vec()),
        "",
    ),
    SchemaMember::new("since", Text, "30d, 12h or 2026-11-01"),
];

const HISTORY_ARGUMENTS: &[SchemaMember] = &[
    SchemaMember::new("call_id", Text, ""),
    SchemaMember::new("connection", Text, ""),
    SchemaMember::new(
        "outcome",
        Word(|| Outcome::ALL.map(Outcome::as_str).to_vec()),
        "",
    ),
    SchemaMember::new("before", Text, "Call id; for the next page"),
    SchemaMember::new(
        "limit",
        Count {
            least: 1,
            most: Some(200),
        },
        "default 20",
    ),
];

/// An object of the API, passed on unchanged.
const TYPED: ArgumentShape = Open(&[SchemaMember::new("type", Text, "")]);

const FROM_ONE: ArgumentShape = Count {
    least: 1,
    most: None,
};

/// The longest timeout of a connection.
const MAX_TIMEOUT_SECONDS: u64 = 3600;

fn chat() -> Value {
    json!({
        "name": CHAT,
        "title": "Ask a model",
        "description": "Sends one prompt to a model of the user's own account, exactly as given: one HTTP request that may cost money. Returns the answer and a receipt (model, tokens, cost, latency).",
        "inputSchema": input(Tool::Chat),
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
        "inputSchema": input(Tool::ListConnections),
        "outputSchema": document(json!({ "connections": { "type": "array" } })),
        "annotations": local()
    })
}

fn list_models() -> Value {
    json!({
        "name": LIST_MODELS,
        "title": "List models",
        "description": "Asks a connection's provider for its models: one free request.",
        "inputSchema": input(Tool::ListModels),
        "outputSchema": document(json!({ "models": { "type": "array" }, "total": { "type": "integer" } })),
        "annotations": { "readOnlyHint": true, "openWorldHint": true }
    })
}

fn preflight() -> Value {
    json!({
        "name": PREFLIGHT,
        "title": "Check a connection",
        "description": "Checks a connection step by step (gate, key, host, token, model). Free, unless live.",
        "inputSchema": input(Tool::Preflight),
        "outputSchema": document(json!({ "checks": { "type": "array" }, "unproven": { "type": "array" } })),
        "annotations": { "readOnlyHint": false, "destructiveHint": false, "openWorldHint": true }
    })
}

fn usage() -> Value {
    json!({
        "name": USAGE,
        "title": "Usage and cost",
        "description": "Sums calls, tokens and cost (nano-USD); the unknown is counted, not guessed. Sends nothing.",
        "inputSchema": input(Tool::Usage),
        "outputSchema": document(json!({ "lines": { "type": "array" }, "total": { "type": "object" } })),
        "annotations": local()
    })
}

fn history() -> Value {
    json!({
        "name": HISTORY,
        "title": "Past calls",
        "description": "Past calls and refusals, newest first, or one by call_id: receipt and outcome. Sends nothing.",
        "inputSchema": input(Tool::History),
        "outputSchema": document(json!({ "entries": { "type": "array" }, "next": { "type": ["string", "null"] } })),
        "annotations": local()
    })
}

fn local() -> Value {
    json!({ "readOnlyHint": true, "openWorldHint": false })
}

fn input(tool: Tool) -> Value {
    Closed(arguments(tool)).described("")
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
            size <= 6_400,
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
