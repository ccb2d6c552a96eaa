//! The valid messages to mutate: those that clients of both eras send.

use serde_json::{Value, json};

use super::mutate::Random;

/// The messages that open a session.
pub(crate) fn handshake(revision: &str) -> Vec<Value> {
    vec![
        json!({"jsonrpc": "2.0", "id": "initialize", "method": "initialize", "params": {
            "protocolVersion": revision,
            "capabilities": {"elicitation": {}, "roots": {"listChanged": true}},
            "clientInfo": {"name": "mutating-ide", "version": "1"},
        }}),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
    ]
}

/// The first request of a modern client.
pub(crate) fn discover() -> Value {
    json!({"jsonrpc": "2.0", "id": "discover", "method": "server/discover", "params": {"_meta": meta()}})
}

/// A message with the id `id`, of either era.
pub(crate) fn message(random: &mut Random, id: u64) -> Value {
    let requests = requests();
    let (method, mut params) = random.pick(&requests).clone();
    if random.below(10) == 0 {
        return json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {
            "requestId": id - random.below(6), "reason": "nobody waits any more",
        }});
    }
    if random.below(2) == 0 {
        params["_meta"] = meta();
    }
    if random.below(4) == 0 {
        params["_meta"]["progressToken"] = json!(id);
    }
    let id = match random.below(4) {
        0 => json!(format!("request-{id}")),
        1 => json!(id + (1 << 53) + 1),
        _ => json!(id),
    };
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "mutating-ide", "version": "1"},
    })
}

fn requests() -> Vec<(&'static str, Value)> {
    let call = |name: &str, arguments: Value| {
        ("tools/call", json!({"name": name, "arguments": arguments}))
    };
    vec![
        ("ping", json!({})),
        ("server/discover", json!({})),
        ("tools/list", json!({})),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("prompts/list", json!({})),
        ("resources/read", json!({"uri": "synapse://connections"})),
        (
            "resources/read",
            json!({"uri": "synapse://errors/gate.network-disabled"}),
        ),
        (
            "resources/subscribe",
            json!({"uri": "synapse://connections"}),
        ),
        (
            "subscriptions/listen",
            json!({"notifications": {"toolsListChanged": true}}),
        ),
        ("logging/setLevel", json!({"level": "info"})),
        (
            "prompts/get",
            json!({"name": "second_opinion", "arguments": {"question": "Why?"}}),
        ),
        (
            "completion/complete",
            json!({
                "ref": {"type": "ref/resource", "uri": "synapse://connections/{name}"},
                "argument": {"name": "name", "value": "w"},
            }),
        ),
        call("list_connections", json!({})),
        call(
            "chat",
            json!({"connection": "work", "prompt": "Are you there?", "max_tokens": 9}),
        ),
        call(
            "chat",
            json!({"messages": [{"role": "user", "content": [
            {"type": "text", "text": "What is it?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        ]}], "temperature": 0.5, "tools": [{"type": "function", "function": {"name": "look"}}]}),
        ),
        call("usage", json!({"by": "model"})),
        call("history", json!({"limit": 3})),
        call("preflight", json!({"connection": "work"})),
        call("list_models", json!({"connection": "work"})),
        call("no_such_tool", json!({})),
    ]
}
