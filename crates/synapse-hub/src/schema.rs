//! The descriptions of the hub's own tools.

use serde_json::{Value, json};
use synapse_mcp::JsonObject;

pub(crate) const HUB_STATUS: &str = "hub_status";
pub(crate) const FIND_TOOLS: &str = "find_tools";
pub(crate) const DESCRIBE_TOOLS: &str = "describe_tools";
pub(crate) const CALL_TOOL: &str = "call_tool";
pub(crate) const CALL_READ_TOOL: &str = "call_read_tool";

/// `hub_status`.
pub(crate) fn hub_status() -> JsonObject {
    object(json!({
        "name": HUB_STATUS,
        "title": "Status of the hub",
        "description": "Lists which upstream MCP servers work and why the others do not. \
            Contacts none of them.",
        "inputSchema": {"type": "object", "properties": {}, "additionalProperties": false},
        "annotations": {"readOnlyHint": true, "openWorldHint": false},
    }))
}

/// The search tools for the given servers.
pub(crate) fn search(servers: &[&str]) -> Vec<JsonObject> {
    let servers = match servers {
        [] => "no server".to_owned(),
        _ => servers.join(", "),
    };
    let call = |name: &str, title: &str, description: &str, reads: bool| {
        object(json!({
            "name": name,
            "title": title,
            "description": description,
            "inputSchema": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "description": "The name given by find_tools"},
                    "arguments": {"type": "object", "description": "Its arguments"},
                },
                "required": ["name"],
                "additionalProperties": false,
            },
            "annotations": {"readOnlyHint": reads, "openWorldHint": true},
        }))
    };
    vec![
        object(json!({
            "name": FIND_TOOLS,
            "title": "Find tools",
            "description": format!(
                "Finds tools of the servers {servers}. Use it whenever a task may need one of these \
                 servers. Gives one line for each tool, the best first: its name, its parameters \
                 (optional ones with ?) and what it does. Then use call_tool with that name, or \
                 call_read_tool for those marked [read]."
            ),
            "inputSchema": {
                "type": "object",
                "properties": {
                    "query": {"type": "string", "description": "The task of the wanted tool, in words"},
                    "server": {"type": "string", "description": "Only tools of this server"},
                    "limit": {"type": "integer", "minimum": 1, "maximum": 50, "default": 8},
                },
                "required": ["query"],
                "additionalProperties": false,
            },
            "annotations": {"readOnlyHint": true, "openWorldHint": false},
        })),
        object(json!({
            "name": DESCRIBE_TOOLS,
            "title": "Describe tools",
            "description": "Returns the full descriptions and schemas of tools named by find_tools.",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "names": {
                        "type": "array",
                        "items": {"type": "string"},
                        "minItems": 1,
                        "maxItems": 20,
                    },
                },
                "required": ["names"],
                "additionalProperties": false,
            },
            "annotations": {"readOnlyHint": true, "openWorldHint": false},
        })),
        call(
            CALL_TOOL,
            "Call a tool",
            "Calls a tool named by find_tools. It may change things.",
            false,
        ),
        call(
            CALL_READ_TOOL,
            "Call a reading tool",
            "Calls a tool that find_tools marked [read]: it is approved as read-only.",
            true,
        ),
    ]
}

fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    }
}
