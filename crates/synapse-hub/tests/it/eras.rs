//! The era matrix: IDE and upstream, each of either era, and every kind of server request.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use synapse_core::upstream::{Consent, Relay, Upstream};
use synapse_mcp::client::{CallError, Outgoing};

use crate::support::{Answer, Ide, Script, World, entry, object};

fn tools() -> Vec<Value> {
    vec![json!({"name": "ask"})]
}

fn everything() -> Upstream {
    let mut upstream = entry("files");
    upstream.relay = Relay {
        elicitation: Consent::Given,
        elicitation_url: Consent::Given,
        sampling: Consent::Given,
        roots: Consent::Given,
    };
    upstream.sampling_connection = Some("main".to_owned());
    upstream
}

fn capable() -> Value {
    json!({"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}})
}

const QUESTIONS: [(&str, &str); 3] = [
    (
        "elicitation/create",
        r#"{"message": "Sure?", "requestedSchema": {"type": "object"}}"#,
    ),
    (
        "sampling/createMessage",
        r#"{"messages": [], "maxTokens": 5}"#,
    ),
    ("roots/list", "{}"),
];

/// A legacy upstream that sends `questions` in turn and returns the answers.
fn asking(questions: Vec<(&'static str, &'static str)>) -> Script {
    Script::legacy("files", tools()).answering(move |outgoing: Outgoing| -> Answer {
        let questions = questions.clone();
        Box::pin(async move {
            let hook = outgoing.questions.clone().unwrap();
            let mut answers = Vec::new();
            for (method, params) in questions {
                let params = object(serde_json::from_str(params).unwrap());
                answers.push(match hook.ask(method, params).await {
                    Ok(answer) => answer,
                    Err(error) => json!({"refused": error.code}),
                });
            }
            Ok(object(json!({"content": [], "answers": answers})))
        })
    })
}

/// A modern upstream that requests input for `questions` at once and returns the answers.
fn wanting(questions: Vec<(&'static str, &'static str)>) -> Script {
    Script::modern("files", tools()).answering(move |outgoing: Outgoing| -> Answer {
        let questions = questions.clone();
        Box::pin(async move {
            if let Some(responses) = outgoing.params.get("inputResponses") {
                assert_eq!(outgoing.params["requestState"], "state \u{e9}\"");
                assert_eq!(outgoing.params["name"], "ask");
                return Ok(object(json!({"content": [], "answers": responses})));
            }
            let requests: Value = questions
                .iter()
                .enumerate()
                .map(|(number, (method, params))| {
                    let params: Value = serde_json::from_str(params).unwrap();
                    (
                        format!("k{number}"),
                        json!({"method": method, "params": params}),
                    )
                })
                .collect::<serde_json::Map<_, _>>()
                .into();
            Ok(object(json!({
                "resultType": "input_required",
                "inputRequests": requests,
                "requestState": "state \u{e9}\"",
            })))
        })
    })
}

/// Answers `count` server requests and returns them.
async fn answer_questions(ide: &mut Ide, count: usize) -> Vec<Value> {
    let mut asked = Vec::new();
    for number in 0..count {
        let question = ide.question().await;
        ide.answer(&question, json!({"answer": number})).await;
        asked.push(question);
    }
    asked
}

#[tokio::test]
async fn legacy_and_legacy_a_question_is_a_request() {
    let world = World::new().with_entry(everything(), asking(QUESTIONS.to_vec()));
    let mut ide = world.legacy(capable()).await;
    let id = ide.send("tools/call", json!({"name": "files__ask"})).await;
    let asked = answer_questions(&mut ide, 3).await;
    assert_eq!(asked[0]["method"], "elicitation/create");
    assert_eq!(asked[0]["params"]["message"], "[files] Sure?");
    assert_eq!(asked[1]["params"]["_meta"]["synapse/server"], "files");
    let reply = ide.reply(id).await;
    assert_eq!(
        reply["result"]["answers"],
        json!([{"answer": 0}, {"answer": 1}, {"answer": 2}])
    );
    assert_eq!(world.sampling.admitted.load(Ordering::SeqCst), 1);
    assert_eq!(world.sampling.answered.load(Ordering::SeqCst), 1);
    assert_eq!(world.connector.requests().len(), 1);
}

#[tokio::test]
async fn legacy_and_modern_the_call_goes_once_more_with_the_answers() {
    let world = World::new().with_entry(everything(), wanting(QUESTIONS.to_vec()));
    let mut ide = world.legacy(capable()).await;
    let id = ide.send("tools/call", json!({"name": "files__ask"})).await;
    let asked = answer_questions(&mut ide, 3).await;
    assert_eq!(asked[0]["params"]["message"], "[files] Sure?");
    let reply = ide.reply(id).await;
    assert_eq!(
        reply["result"]["answers"],
        json!({"k0": {"answer": 0}, "k1": {"answer": 1}, "k2": {"answer": 2}})
    );
    assert!(reply["result"].get("resultType").is_none());
    assert_eq!(world.connector.requests().len(), 2);
}

#[tokio::test]
async fn modern_and_modern_it_passes_with_its_state() {
    let world = World::new().with_entry(everything(), wanting(QUESTIONS.to_vec()));
    let mut ide = world.modern(capable());
    let wanted = ide.call("files__ask", json!({})).await;
    assert_eq!(wanted["resultType"], "input_required");
    assert_eq!(
        wanted["inputRequests"]["k0"]["params"]["message"],
        "[files] Sure?"
    );
    let result = ide
        .result(
            "tools/call",
            json!({
                "name": "files__ask",
                "arguments": {},
                "requestState": wanted["requestState"],
                "inputResponses": {"k0": {"a": 1}, "k1": {}, "k2": {}},
            }),
        )
        .await;
    assert_eq!(result["resultType"], "complete");
    assert_eq!(
        result["answers"],
        json!({"k0": {"a": 1}, "k1": {}, "k2": {}})
    );
    assert_eq!(world.connector.requests().len(), 2);
}

#[tokio::test]
async fn modern_and_legacy_the_call_is_parked_until_it_is_answered() {
    let world = World::new().with_entry(everything(), asking(QUESTIONS.to_vec()));
    let mut ide = world.modern(capable());
    let mut params = json!({"name": "files__ask", "arguments": {"x": 1}});
    let mut result = ide.result("tools/call", params.clone()).await;
    for (number, (method, _)) in QUESTIONS.iter().enumerate() {
        assert_eq!(result["resultType"], "input_required", "{result}");
        let requests = result["inputRequests"].as_object().unwrap();
        let (key, request) = requests.iter().next().unwrap();
        assert_eq!(request["method"], *method);
        params["requestState"] = result["requestState"].clone();
        params["inputResponses"] = json!({key: {"answer": number}});
        result = ide.result("tools/call", params.clone()).await;
    }
    assert_eq!(
        result["answers"],
        json!([{"answer": 0}, {"answer": 1}, {"answer": 2}])
    );
    assert_eq!(world.connector.requests().len(), 1);
    assert_eq!(world.sampling.answered.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_parked_call_is_resumed_by_its_own_request_alone() {
    let world = World::new().with_entry(everything(), asking(vec![QUESTIONS[0]]));
    let mut ide = world.modern(capable());
    let parked = ide.call("files__ask", json!({"x": 1})).await;
    let answers = json!({"question-1": {"action": "accept"}});
    let mut params = json!({
        "name": "files__ask",
        "arguments": {"x": 2},
        "requestState": parked["requestState"],
        "inputResponses": answers,
    });
    let other = ide.ask("tools/call", params.clone()).await;
    assert_eq!(other["error"]["code"], -32602);
    params["requestState"] = "synapse-parked-guess".into();
    let guess = ide.ask("tools/call", params.clone()).await;
    assert_eq!(guess["error"]["code"], -32602);
    params["arguments"]["x"] = 1.into();
    params["requestState"] = parked["requestState"].clone();
    let result = ide.result("tools/call", params.clone()).await;
    assert_eq!(result["answers"], json!([{"action": "accept"}]));
    let again = ide.ask("tools/call", params).await;
    assert_eq!(again["error"]["code"], -32602);
    assert_eq!(world.connector.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_that_is_missing_is_asked_for_again() {
    let world = World::new().with_entry(everything(), asking(vec![QUESTIONS[0]]));
    let mut ide = world.modern(capable());
    let parked = ide.call("files__ask", json!({})).await;
    let again = ide
        .result(
            "tools/call",
            json!({
                "name": "files__ask",
                "arguments": {},
                "requestState": parked["requestState"],
                "inputResponses": {"unknown": {}},
            }),
        )
        .await;
    assert_eq!(again["resultType"], "input_required");
    assert_eq!(again["inputRequests"], parked["inputRequests"]);
    assert_ne!(again["requestState"], parked["requestState"]);
}

#[tokio::test]
async fn a_server_may_ask_only_what_its_owner_and_the_ide_allow() {
    for (upstream, capabilities) in [(entry("files"), capable()), (everything(), json!({}))] {
        let expected = match upstream.sampling_connection {
            // By default only forms are relayed.
            None => json!([{"answer": 0}, {"refused": -32601}, {"refused": -32601}]),
            Some(_) => json!([{"refused": -32601}, {"refused": -32601}, {"refused": -32601}]),
        };
        let asked = usize::from(upstream.sampling_connection.is_none());
        let world = World::new().with_entry(upstream, asking(QUESTIONS.to_vec()));
        let mut ide = world.legacy(capabilities).await;
        let id = ide.send("tools/call", json!({"name": "files__ask"})).await;
        answer_questions(&mut ide, asked).await;
        assert_eq!(ide.reply(id).await["result"]["answers"], expected);
    }
}

#[tokio::test]
async fn a_modern_server_that_wants_what_it_may_not_is_refused() {
    let world = World::new().with_entry(entry("files"), wanting(vec![QUESTIONS[2]]));
    for legacy in [true, false] {
        let mut ide = if legacy {
            world.legacy(capable()).await
        } else {
            world.modern(capable())
        };
        let result = ide.call("files__ask", json!({})).await;
        let error = &result["structuredContent"]["error"];
        assert_eq!(error["code"], "upstream.unsupported", "{legacy}");
    }
}

#[tokio::test]
async fn sampling_beyond_the_limits_of_its_connection_is_refused() {
    let mut upstream = everything();
    upstream.sampling_connection = Some("closed".to_owned());
    let world = World::new().with_entry(upstream, asking(vec![QUESTIONS[1]]));
    let mut ide = world.legacy(capable()).await;
    let result = ide.call("files__ask", json!({})).await;
    assert_eq!(result["answers"], json!([{"refused": -32603}]));
}

#[tokio::test]
async fn a_url_question_needs_its_own_consent() {
    let url = r#"{"mode": "url", "message": "Go", "url": "https://a.test"}"#;
    let world = World::new().with_entry(entry("files"), asking(vec![("elicitation/create", url)]));
    let mut ide = world.legacy(capable()).await;
    let result = ide.call("files__ask", json!({})).await;
    assert_eq!(result["answers"], json!([{"refused": -32601}]));
}

#[tokio::test]
async fn a_refusal_of_the_ide_reaches_the_server() {
    let world = World::new().with_entry(everything(), asking(vec![QUESTIONS[0]]));
    let mut ide = world.legacy(capable()).await;
    let id = ide.send("tools/call", json!({"name": "files__ask"})).await;
    let question = ide.question().await;
    ide.write(&json!({
        "jsonrpc": "2.0",
        "id": question["id"],
        "error": {"code": -1, "message": "rejected"},
    }))
    .await;
    assert_eq!(
        ide.reply(id).await["result"]["answers"],
        json!([{"refused": -1}])
    );
}

#[tokio::test]
async fn a_modern_upstream_gets_the_capabilities_of_the_ide_as_far_as_they_are_relayed() {
    let script = Script::modern("files", tools()).answering(|outgoing: Outgoing| -> Answer {
        Box::pin(async move {
            Ok::<_, CallError>(object(
                json!({"content": [], "seen": outgoing.capabilities}),
            ))
        })
    });
    let world = World::new().with(script);
    let ui = json!({"mimeTypes": ["text/html;profile=mcp-app"]});
    let mut ide = world.modern(json!({
        "elicitation": {"form": {}, "url": {}},
        "roots": {},
        "tasks": {},
        "extensions": {"io.modelcontextprotocol/ui": ui, "io.modelcontextprotocol/tasks": {}},
    }));
    let result = ide.call("files__ask", json!({})).await;
    assert_eq!(
        result["seen"],
        json!({
            "elicitation": {"form": {}},
            "extensions": {"io.modelcontextprotocol/ui": ui},
        })
    );
}

#[tokio::test]
async fn the_end_of_the_hub_cancels_what_is_parked() {
    struct Dropped(Arc<std::sync::atomic::AtomicBool>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let flag = Arc::clone(&dropped);
    let script = Script::legacy("files", tools()).answering(move |outgoing: Outgoing| -> Answer {
        let held = Dropped(Arc::clone(&flag));
        Box::pin(async move {
            let _held = held;
            let hook = outgoing.questions.clone().unwrap();
            let params = object(json!({"message": "Sure?"}));
            drop(hook.ask("elicitation/create", params).await);
            std::future::pending().await
        })
    });
    let world = World::new().with_entry(everything(), script);
    let hub = world.hub();
    let mut ide = Ide::modern(&hub, capable());
    ide.call("files__ask", json!({})).await;
    hub.close().await;
    while !dropped.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
}
