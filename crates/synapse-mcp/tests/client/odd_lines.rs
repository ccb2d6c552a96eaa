//! Lines as odd servers write them: other line ends, marks, broken text, answers twice or late.

use std::sync::Arc;

use serde_json::{Value, json};
use synapse_mcp::JsonObject;
use synapse_mcp::client::{CallError, Conversation as _, LineConversation, MayHaveRun};
use tokio::task::JoinHandle;

use crate::support::{Server, call, legacy};

type Outcome = JoinHandle<Result<JsonObject, CallError>>;

async fn running() -> (Server, Arc<LineConversation>, Outcome, Value) {
    let (mut server, conversation) = legacy().await;
    let request = send(&conversation);
    let (id, _) = server.asked("tools/call").await;
    (server, conversation, request, id)
}

fn send(conversation: &Arc<LineConversation>) -> Outcome {
    let conversation = Arc::clone(conversation);
    tokio::spawn(async move { conversation.request(call("t")).await })
}

fn answer(id: &Value, text: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"text":"{text}"}}}}"#)
}

#[tokio::test(start_paused = true)]
async fn line_ends_marks_and_spaces_of_any_kind_are_read() {
    for (before, after) in [
        ("", "\r"),
        ("\u{feff}", ""),
        ("\u{feff}", "\r"),
        ("\r\n\r\n", "\r\n"),
        (" \t", " \t"),
    ] {
        let (mut server, _conversation, request, id) = running().await;
        let line = format!("{before}{}{after}", answer(&id, "fine"));
        server.say(&line).await;
        let result = request.await.unwrap().unwrap();
        assert_eq!(result["text"], "fine", "{before:?} {after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_that_are_no_text_cost_themselves_alone() {
    let (mut server, _conversation, request, id) = running().await;
    let mut line = answer(&id, "aXXz").into_bytes();
    let at = line.windows(2).position(|pair| pair == b"XX").unwrap();
    line.splice(at..at + 2, [0xff, 0xc3]);
    server.say_bytes(&line).await;
    let result = request.await.unwrap().unwrap();
    assert_eq!(result["text"], "a\u{fffd}\u{fffd}z");
}

/// The first counts; the next request is not answered by what is left.
#[tokio::test(start_paused = true)]
async fn of_two_answers_to_one_request_the_first_counts() {
    let (mut server, conversation, request, id) = running().await;
    server.say(&answer(&id, "first")).await;
    server.say(&answer(&id, "second")).await;
    server.refuse(&id, -32603).await;
    assert_eq!(request.await.unwrap().unwrap()["text"], "first");
    let next = send(&conversation);
    let (next_id, _) = server.asked("tools/call").await;
    assert_ne!(next_id, id);
    server.say(&answer(&id, "third")).await;
    server.say(&answer(&next_id, "its own")).await;
    assert_eq!(next.await.unwrap().unwrap()["text"], "its own");
}

/// A number is the same number with a fraction of zero.
#[tokio::test(start_paused = true)]
async fn an_id_that_is_written_as_a_fraction_is_the_same() {
    let (mut server, _conversation, request, id) = running().await;
    server.say(&answer(&json!(format!("{id}")), "text")).await;
    server
        .say(&format!(r#"{{"jsonrpc":"2.0","id":{id}.5,"result":{{}}}}"#))
        .await;
    let line = format!(r#"{{"jsonrpc":"2.0","id":{id}.0,"result":{{"text":"fine"}}}}"#);
    server.say(&line).await;
    assert_eq!(request.await.unwrap().unwrap()["text"], "fine");
}

#[tokio::test(start_paused = true)]
async fn a_last_line_without_its_end_counts_if_it_is_whole() {
    let (mut server, conversation, request, id) = running().await;
    assert!(server.flood(&answer(&id, "last words")).await);
    server.exit();
    assert_eq!(request.await.unwrap().unwrap()["text"], "last words");
    conversation.ended().await;
    assert!(!conversation.is_open());

    let (mut server, conversation, request, id) = running().await;
    let line = answer(&id, "cut");
    assert!(server.flood(&line[..line.len() - 3]).await);
    server.exit();
    let outcome = request.await.unwrap();
    let Err(CallError::Ended { may_have_run }) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(may_have_run, MayHaveRun::Yes);
    assert!(!conversation.is_open());
}

/// Whatever a server says unasked, the answer behind it is read.
#[tokio::test(start_paused = true)]
async fn a_flood_of_what_nobody_asked_for_does_no_harm() {
    let (mut server, _conversation, request, id) = running().await;
    let odd = [
        json!({"method": "notifications/message", "params": {"level": "info", "data": "x"}}),
        json!({"method": "notifications/progress", "params": {"progressToken": 7, "progress": 1}}),
        json!({"method": "notifications/progress", "params": {"progressToken": id, "progress": 1}}),
        json!({"method": "notifications/progress"}),
        json!({"method": "notifications/cancelled", "params": {"requestId": id}}),
        json!({"method": "notifications/no-such-thing", "params": {"a": [1]}}),
        json!({"method": "notifications/odd", "params": [1]}),
        json!({"method": 3}),
        json!({"id": null, "method": "ping"}),
        json!({"id": {}, "method": "ping"}),
        json!({"id": null, "error": {"code": -32700, "message": "no"}}),
        json!({}),
    ];
    for number in 0..6000 {
        let mut message = json!({"jsonrpc": "2.0"});
        let members = odd[number % odd.len()].as_object().unwrap().clone();
        message.as_object_mut().unwrap().extend(members);
        server.send(message).await;
    }
    for line in ["[]", "[[]]", "[1, null]", "null", "\"text\"", "{", "\u{0}"] {
        server.say(line).await;
    }
    server.say(&answer(&id, "there")).await;
    assert_eq!(request.await.unwrap().unwrap()["text"], "there");
}
