//! Requests from real programs to an IDE's user, with every combination of eras.

use serde_json::{Value, json};
use synapse_tests::Ide;

use super::Hub;

fn started(upstream: &str) -> (Hub, Ide) {
    let hub = Hub::new().with("one", &["--era", upstream]).approved("one");
    let ide = Ide::start(hub.home.twin(["serve"]));
    (hub, ide)
}

/// A call from a modern IDE that supports elicitation.
fn call(ide: &mut Ide, id: u64, more: &Value) -> Value {
    let mut params = json!({
        "name": "one__ask",
        "arguments": {},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
        },
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        params[key] = value.clone();
    }
    ide.send(&json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}));
    let reply = ide.receive();
    assert_eq!(reply["id"], id, "{reply}");
    reply["result"].clone()
}

#[test]
fn a_modern_ide_answers_in_a_second_request() {
    for upstream in ["legacy", "modern"] {
        let (hub, mut ide) = started(upstream);
        let wanted = call(&mut ide, 1, &json!({}));
        assert_eq!(wanted["resultType"], "input_required", "{wanted}");
        let requests = wanted["inputRequests"].as_object().unwrap();
        let (key, request) = requests.iter().next().unwrap();
        assert_eq!(request["params"]["message"], "[one] Sure?");
        let answer = json!({"action": "accept", "content": {"sure": true}});
        let result = call(
            &mut ide,
            2,
            &json!({"requestState": wanted["requestState"], "inputResponses": {key: answer}}),
        );
        assert_eq!(result["answer"], answer, "{upstream}");
        let calls = if upstream == "legacy" { 1 } else { 2 };
        assert_eq!(hub.counts("one"), (1, calls), "{upstream}");
    }
}

#[test]
fn a_legacy_ide_is_asked_while_the_call_runs() {
    for upstream in ["legacy", "modern"] {
        let (_hub, mut ide) = started(upstream);
        ide.send(&json!({
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-11-25",
                "capabilities": {"elicitation": {}},
                "clientInfo": {"name": "ide", "version": "1"},
            },
        }));
        assert_eq!(ide.receive()["id"], 1);
        ide.send(&json!({
            "jsonrpc": "2.0",
            "id": 2,
            "method": "tools/call",
            "params": {"name": "one__ask", "arguments": {}},
        }));
        let question = ide.receive();
        assert_eq!(question["method"], "elicitation/create", "{question}");
        assert_eq!(question["params"]["message"], "[one] Sure?");
        let answer = json!({"action": "decline"});
        ide.send(&json!({"jsonrpc": "2.0", "id": question["id"], "result": answer}));
        let reply = ide.receive();
        assert_eq!(reply["result"]["answer"], answer, "{upstream} {reply}");
    }
}
