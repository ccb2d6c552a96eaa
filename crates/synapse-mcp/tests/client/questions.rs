//! Server requests and notifications during requests: assignment and cancellation.

use std::sync::Arc;

use serde_json::{Value, json};
use synapse_mcp::JsonObject;
use synapse_mcp::client::{
    CallError, Caps, Conversation as _, Eras, LineConversation, Outgoing, RpcError,
};
use tokio::task::JoinHandle;

use crate::support::{Desk, Server, call, introduction, legacy, legacy_with, modern, object};

type Outcome = JoinHandle<Result<JsonObject, CallError>>;

/// Sends a call whose server requests go to `desk`; returns its id at the server.
async fn send(
    server: &mut Server,
    conversation: &Arc<LineConversation>,
    desk: &Arc<Desk>,
) -> (Value, Outcome) {
    let mut outgoing = call("t");
    outgoing.questions = Some(Arc::clone(desk) as _);
    let conversation = Arc::clone(conversation);
    let request = tokio::spawn(async move { conversation.request(outgoing).await });
    let (id, _) = server.asked("tools/call").await;
    (id, request)
}

fn elicit(id: Value, meta: Option<Value>) -> Value {
    let mut params = json!({"message": "Who?"});
    if let Some(meta) = meta {
        params["_meta"] = meta;
    }
    json!({"jsonrpc": "2.0", "id": id, "method": "elicitation/create", "params": params})
}

#[tokio::test(start_paused = true)]
async fn the_only_running_call_is_asked() {
    let (mut server, conversation) = legacy().await;
    let (desk, mut questions) = Desk::new();
    let (id, request) = send(&mut server, &conversation, &desk).await;
    server.send(elicit(json!("q-1"), None)).await;
    let (method, params, answer) = questions.recv().await.unwrap();
    assert_eq!(
        (method.as_str(), &params["message"]),
        ("elicitation/create", &json!("Who?"))
    );
    answer.send(Ok(json!({"action": "accept"}))).unwrap();
    let answered = json!({"jsonrpc": "2.0", "id": "q-1", "result": {"action": "accept"}});
    assert_eq!(server.hear().await, Some(answered));
    server.send(elicit(json!(7), None)).await;
    let (_, _, answer) = questions.recv().await.unwrap();
    let error = RpcError {
        code: -1,
        message: "declined".to_owned(),
        data: Some(json!([1])),
    };
    answer.send(Err(error)).unwrap();
    let refused = json!({"code": -1, "message": "declined", "data": [1]});
    let refused = json!({"jsonrpc": "2.0", "id": 7, "error": refused});
    assert_eq!(server.hear().await, Some(refused));
    server.answer(&id, json!({})).await;
    request.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_question_goes_to_the_call_that_it_names() {
    let (mut server, conversation) = legacy().await;
    let ((first, _), (second, mut questions)) = (Desk::new(), Desk::new());
    let (_, _one) = send(&mut server, &conversation, &first).await;
    let (id, _two) = send(&mut server, &conversation, &second).await;
    server
        .send(elicit(json!(1), Some(json!({"progressToken": id, "x": 1}))))
        .await;
    let (_, params, _) = questions.recv().await.unwrap();
    assert_eq!(
        params["_meta"],
        json!({"x": 1}),
        "our number means nothing to others"
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_guesses_among_several_calls() {
    let (mut server, conversation) = legacy().await;
    let (desk, mut questions) = Desk::new();
    let (_, _one) = send(&mut server, &conversation, &desk).await;
    let (_, _two) = send(&mut server, &conversation, &desk).await;
    server.send(elicit(json!(1), None)).await;
    assert_eq!(server.hear().await.unwrap()["error"]["code"], -32602);
    server
        .send(elicit(json!(2), Some(json!({"progressToken": 999}))))
        .await;
    assert_eq!(server.hear().await.unwrap()["error"]["code"], -32602);
    assert!(questions.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn without_a_call_the_standing_desk_is_asked_or_nobody() {
    let (mut server, _conversation) = legacy().await;
    server
        .send(json!({"jsonrpc": "2.0", "id": 1, "method": "roots/list"}))
        .await;
    assert_eq!(server.hear().await.unwrap()["error"]["code"], -32601);

    let (desk, mut questions) = Desk::new();
    let mut introduction = introduction(Eras::Both);
    introduction.standing = Some(desk);
    let (mut server, _conversation) = legacy_with(introduction, Caps::default()).await;
    server
        .send(json!({"jsonrpc": "2.0", "id": 1, "method": "roots/list"}))
        .await;
    let (method, _, answer) = questions.recv().await.unwrap();
    assert_eq!(method, "roots/list");
    answer.send(Ok(json!({"roots": []}))).unwrap();
    assert_eq!(server.hear().await.unwrap()["result"], json!({"roots": []}));
}

/// A request that accepts no server requests, such as a list, does not interfere.
#[tokio::test(start_paused = true)]
async fn a_call_without_a_desk_is_not_asked() {
    let (mut server, conversation) = legacy().await;
    let list = tokio::spawn({
        let conversation = Arc::clone(&conversation);
        async move {
            let list = Outgoing::within("tools/list", crate::support::AMPLE);
            conversation.request(list).await
        }
    });
    let (list_id, _) = server.asked("tools/list").await;
    server.send(elicit(json!(1), None)).await;
    assert_eq!(server.hear().await.unwrap()["error"]["code"], -32601);
    let (desk, mut questions) = Desk::new();
    let (_, _request) = send(&mut server, &conversation, &desk).await;
    server.send(elicit(json!(2), None)).await;
    questions.recv().await.unwrap();
    server
        .send(elicit(json!(3), Some(json!({"progressToken": list_id}))))
        .await;
    assert_eq!(server.hear().await.unwrap()["error"]["code"], -32601);
    list.abort();
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_answered_in_either_era() {
    for is_modern in [false, true] {
        let (mut server, _conversation) = if is_modern {
            modern().await
        } else {
            legacy().await
        };
        server
            .send(json!({"jsonrpc": "2.0", "id": "p", "method": "ping"}))
            .await;
        let pong = json!({"jsonrpc": "2.0", "id": "p", "result": {}});
        assert_eq!(server.hear().await, Some(pong));
    }
}

#[tokio::test(start_paused = true)]
async fn a_modern_server_has_no_questions() {
    let (mut server, conversation) = modern().await;
    let (desk, mut questions) = Desk::new();
    let (_, _request) = send(&mut server, &conversation, &desk).await;
    server.send(elicit(json!(1), None)).await;
    assert_eq!(server.hear().await.unwrap()["error"]["code"], -32601);
    assert!(questions.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_question_that_is_withdrawn_is_dropped() {
    let (mut server, conversation) = legacy().await;
    let (desk, mut questions) = Desk::new();
    let (_, _request) = send(&mut server, &conversation, &desk).await;
    server.send(elicit(json!("q"), None)).await;
    let (_, _, mut answer) = questions.recv().await.unwrap();
    server
        .send(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "q"}}))
        .await;
    answer.closed().await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_call_drops_its_questions() {
    let (mut server, conversation) = legacy().await;
    let (desk, mut questions) = Desk::new();
    for given_up in [false, true] {
        let (id, request) = send(&mut server, &conversation, &desk).await;
        server.send(elicit(json!("q"), None)).await;
        let (_, _, mut answer) = questions.recv().await.unwrap();
        if given_up {
            request.abort();
        } else {
            server.answer(&id, json!({})).await;
        }
        answer.closed().await;
        if given_up {
            server.asked("notifications/cancelled").await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn notifications_go_to_whom_they_belong() {
    let (standing, _) = Desk::new();
    let mut introduction = introduction(Eras::Both);
    introduction.standing = Some(Arc::clone(&standing) as _);
    let (mut server, conversation) = legacy_with(introduction, Caps::default()).await;
    let log = |text: &str| json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": text}});
    server.send(log("before")).await;
    let (desk, _) = Desk::new();
    let (id, request) = send(&mut server, &conversation, &desk).await;
    server.send(log("during")).await;
    server
        .send(json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}))
        .await;
    let updated = json!({"uri": "x:y", "_meta": {"io.modelcontextprotocol/subscriptionId": id}});
    server
        .send(json!({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": updated}))
        .await;
    server.answer(&id, json!({})).await;
    request.await.unwrap().unwrap();
    let texts = |desk: &Desk| -> Vec<String> {
        let heard = desk.heard.lock().unwrap();
        heard
            .iter()
            .map(|(method, params)| format!("{method} {}", json!(params)))
            .collect()
    };
    assert_eq!(
        texts(&desk),
        [
            r#"notifications/message {"level":"info","data":"during"}"#,
            r#"notifications/resources/updated {"uri":"x:y"}"#,
        ]
    );
    assert_eq!(
        texts(&standing),
        [
            r#"notifications/message {"level":"info","data":"before"}"#,
            "notifications/tools/list_changed {}",
        ]
    );
}

/// A modern subscription is a long-running request.
#[tokio::test(start_paused = true)]
async fn a_subscription_is_heard_where_it_was_asked_for() {
    let (mut server, conversation) = modern().await;
    let (desk, _) = Desk::new();
    let mut listen = Outgoing::within("subscriptions/listen", crate::support::AMPLE);
    listen.params = object(json!({"notifications": {"toolsListChanged": true}}));
    listen.questions = Some(Arc::clone(&desk) as _);
    let request = tokio::spawn(async move { conversation.request(listen).await });
    let (id, _) = server.asked("subscriptions/listen").await;
    let meta = json!({"_meta": {"io.modelcontextprotocol/subscriptionId": id}});
    for method in [
        "notifications/subscriptions/acknowledged",
        "notifications/tools/list_changed",
    ] {
        server
            .send(json!({"jsonrpc": "2.0", "method": method, "params": meta}))
            .await;
    }
    server.refuse(&id, -32603).await;
    assert!(matches!(request.await.unwrap(), Err(CallError::Rpc(error)) if error.code == -32603));
    assert_eq!(desk.heard.lock().unwrap().len(), 2);
}

/// A server numbers progress of its own requests from zero; that must not match our requests.
#[tokio::test(start_paused = true)]
async fn a_token_of_the_server_is_no_name_of_a_call() {
    let (mut server, conversation) = legacy().await;
    let (desk, mut questions) = Desk::new();
    let (_, _one) = send(&mut server, &conversation, &desk).await;
    for token in 0..5 {
        let meta = json!({"progressToken": token});
        server.send(elicit(json!(token), Some(meta))).await;
        questions.recv().await.unwrap();
    }
    let (_, _two) = send(&mut server, &conversation, &desk).await;
    for token in 0..5 {
        let meta = json!({"progressToken": token});
        server.send(elicit(json!(token + 10), Some(meta))).await;
        assert_eq!(server.hear().await.unwrap()["error"]["code"], -32602);
    }
}
