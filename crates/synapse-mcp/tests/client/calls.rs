//! Requests and answers: ids, progress, timeouts, cancellation, and the end of a server.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use synapse_mcp::JsonObject;
use synapse_mcp::client::{CallError, Conversation as _, LineConversation, MayHaveRun, Outgoing};
use synapse_mcp::host::ProgressReporter;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::support::{AMPLE, call, legacy, modern};

type Outcome = JoinHandle<Result<JsonObject, CallError>>;

fn send(conversation: &Arc<LineConversation>, outgoing: Outgoing) -> Outcome {
    let conversation = Arc::clone(conversation);
    tokio::spawn(async move { conversation.request(outgoing).await })
}

/// Collects progress.
fn reporter() -> (ProgressReporter, Arc<Mutex<Vec<JsonObject>>>) {
    let reports: Arc<Mutex<Vec<JsonObject>>> = Arc::default();
    let sink = Arc::clone(&reports);
    let reporter = ProgressReporter::new(json!("ide-1"), move |params| {
        sink.lock().unwrap().push(params);
    });
    (reporter, reports)
}

#[tokio::test(start_paused = true)]
async fn answers_find_their_requests_in_any_order() {
    let (mut server, conversation) = legacy().await;
    let (first, second) = (
        send(&conversation, call("a")),
        send(&conversation, call("b")),
    );
    let mut asked = vec![
        server.asked("tools/call").await,
        server.asked("tools/call").await,
    ];
    asked.reverse();
    for (id, params) in asked {
        server.answer(&id, json!({"of": params["name"]})).await;
    }
    assert_eq!(first.await.unwrap().unwrap()["of"], "a");
    assert_eq!(second.await.unwrap().unwrap()["of"], "b");
}

/// Results pass unchanged: unknown members, order, large and exact numbers.
#[tokio::test(start_paused = true)]
async fn a_result_passes_whole() {
    let result = r#"{"z":1,"a":{"unknown":[null,1e400,"\u00e9"]},"content":[{"type":"odd"}],"structuredContent":null,"n":12345678901234567890,"f":0.1,"_meta":{"k":1}}"#
        .replace("1e400", "1e300");
    for is_modern in [false, true] {
        let (mut server, conversation) = if is_modern {
            modern().await
        } else {
            legacy().await
        };
        let request = send(&conversation, call("t"));
        let (id, _) = server.asked("tools/call").await;
        server
            .say(&format!(
                r#"{{"jsonrpc":"2.0","result":{result},"id":{id},"more":1}}"#
            ))
            .await;
        let expected: Value = serde_json::from_str(&result).unwrap();
        let came = Value::Object(request.await.unwrap().unwrap());
        assert_eq!(came.to_string(), expected.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_passes_unchanged() {
    let (mut server, conversation) = legacy().await;
    for (error, data) in [
        (
            json!({"code": -32602, "message": "Unknown tool: x", "data": {"a": [1]}}),
            Some(json!({"a": [1]})),
        ),
        (
            json!({"code": -32602, "message": "Unknown tool: x", "data": null}),
            Some(Value::Null),
        ),
        (
            json!({"code": -32602.0, "message": "Unknown tool: x"}),
            None,
        ),
    ] {
        let request = send(&conversation, call("x"));
        let (id, _) = server.asked("tools/call").await;
        server
            .send(json!({"jsonrpc": "2.0", "id": id, "error": error}))
            .await;
        let Err(CallError::Rpc(error)) = request.await.unwrap() else {
            panic!("no error");
        };
        assert_eq!(
            (error.code, error.message.as_str()),
            (-32602, "Unknown tool: x")
        );
        assert_eq!(error.data, data);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_none_breaks_the_protocol() {
    let (mut server, conversation) = modern().await;
    for answer in [
        json!({"result": [1]}),
        json!({"result": {"resultType": "task"}}),
        json!({"result": {"resultType": 1}}),
        json!({"error": "no"}),
        json!({}),
    ] {
        let request = send(&conversation, call("x"));
        let (id, _) = server.asked("tools/call").await;
        let mut message = json!({"jsonrpc": "2.0", "id": id});
        message
            .as_object_mut()
            .unwrap()
            .extend(crate::support::object(answer.clone()));
        server.send(message).await;
        let outcome = request.await.unwrap();
        assert!(
            matches!(outcome, Err(CallError::Protocol { .. })),
            "{answer}: {outcome:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_under_another_id_is_no_answer() {
    let (mut server, conversation) = legacy().await;
    let request = send(&conversation, call("x"));
    let (id, _) = server.asked("tools/call").await;
    for wrong in [
        json!(id.as_u64().unwrap() + 100),
        json!(id.to_string()),
        json!(null),
        json!(1.5),
    ] {
        server.answer(&wrong, json!({"wrong": true})).await;
    }
    let outcome = request.await.unwrap();
    assert!(
        matches!(outcome, Err(CallError::Protocol { .. })),
        "{outcome:?}"
    );
    // The conversation continues.
    server.asked("notifications/cancelled").await;
    let request = send(&conversation, call("y"));
    let (id, _) = server.asked("tools/call").await;
    server.answer(&id, json!({"right": true})).await;
    assert_eq!(request.await.unwrap().unwrap()["right"], true);
}

#[tokio::test(start_paused = true)]
async fn progress_comes_under_the_token_of_whoever_asked() {
    let (mut server, conversation) = legacy().await;
    let (progress, reports) = reporter();
    let mut outgoing = call("t");
    outgoing.progress = Some(progress);
    let request = send(&conversation, outgoing);
    let (id, params) = server.asked("tools/call").await;
    assert_eq!(params["_meta"], json!({"progressToken": id}));
    let report = |token: &Value| {
        json!({"jsonrpc": "2.0", "method": "notifications/progress",
               "params": {"progressToken": token, "progress": 1, "message": "half", "x": [1]}})
    };
    server.send(report(&id)).await;
    server.send(report(&json!("another"))).await;
    server.answer(&id, json!({})).await;
    server.send(report(&id)).await;
    request.await.unwrap().unwrap();
    conversation.close().await;
    let reports = reports.lock().unwrap();
    let expected = json!([{"progress": 1, "message": "half", "x": [1], "progressToken": "ide-1"}]);
    assert_eq!(json!(*reports), expected, "and none behind the answer");
}

#[tokio::test(start_paused = true)]
async fn no_progress_is_asked_for_unless_it_is_wanted() {
    let (mut server, conversation) = legacy().await;
    let request = send(&conversation, call("t"));
    let (id, params) = server.asked("tools/call").await;
    assert_eq!(params.get("_meta"), None);
    server.answer(&id, json!({})).await;
    request.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn patience_ends_and_the_server_is_told() {
    let (mut server, conversation) = legacy().await;
    let began = Instant::now();
    let request = send(&conversation, call("slow"));
    let (id, _) = server.asked("tools/call").await;
    let outcome = request.await.unwrap();
    assert!(
        matches!(outcome, Err(CallError::Timeout { waited }) if waited == AMPLE),
        "{outcome:?}"
    );
    assert_eq!(began.elapsed(), AMPLE);
    let (_, params) = server.asked("notifications/cancelled").await;
    assert_eq!(params["requestId"], id);
    assert!(conversation.is_open());
}

#[tokio::test(start_paused = true)]
async fn progress_renews_patience_up_to_the_longest() {
    let (mut server, conversation) = legacy().await;
    let (progress, _) = reporter();
    let mut outgoing = call("long");
    outgoing.progress = Some(progress);
    outgoing.longest = AMPLE * 3;
    let began = Instant::now();
    let mut request = send(&conversation, outgoing);
    let (id, _) = server.asked("tools/call").await;
    let outcome = loop {
        tokio::select! {
            outcome = &mut request => break outcome.unwrap(),
            () = tokio::time::sleep(AMPLE / 2) => {
                server.send(json!({"jsonrpc": "2.0", "method": "notifications/progress",
                                   "params": {"progressToken": id, "progress": 1}})).await;
            }
        }
    };
    assert!(matches!(outcome, Err(CallError::Timeout { .. })));
    assert_eq!(began.elapsed(), AMPLE * 3);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_request_is_cancelled_under_its_id() {
    let (mut server, conversation) = modern().await;
    let request = send(&conversation, call("t"));
    let (id, _) = server.asked("tools/call").await;
    request.abort();
    let (_, params) = server.asked("notifications/cancelled").await;
    assert_eq!(params["requestId"], id);
    // Its late answer is ignored.
    server.answer(&id, json!({})).await;
    let request = send(&conversation, call("next"));
    let (id, _) = server.asked("tools/call").await;
    server.answer(&id, json!({})).await;
    request.await.unwrap().unwrap();
}

/// A server that does not read: an abandoned request is never sent.
#[tokio::test(start_paused = true)]
async fn a_request_that_was_not_sent_is_not_cancelled_either() {
    let (mut server, conversation) = legacy().await;
    let mut large = call("first");
    large
        .params
        .insert("pad".to_owned(), "x".repeat(100_000).into());
    let first = send(&conversation, large);
    let second = send(&conversation, call("second"));
    tokio::time::sleep(Duration::from_millis(1)).await;
    second.abort();
    tokio::time::sleep(Duration::from_millis(1)).await;
    let (id, params) = server.asked("tools/call").await;
    assert_eq!(params["name"], "first");
    server.answer(&id, json!({})).await;
    first.await.unwrap().unwrap();
    let third = send(&conversation, call("third"));
    let (id, params) = server.asked("tools/call").await;
    assert_eq!(params["name"], "third");
    server.answer(&id, json!({})).await;
    third.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_server_says_whether_the_request_may_have_run() {
    let (mut server, conversation) = legacy().await;
    let mut large = call("large");
    large
        .params
        .insert("pad".to_owned(), "x".repeat(100_000).into());
    let sent = send(&conversation, call("sent"));
    let half_sent = send(&conversation, large);
    let unsent = send(&conversation, call("unsent"));
    server.asked("tools/call").await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    drop(server);
    for (request, expected) in [
        (sent, MayHaveRun::Yes),
        (half_sent, MayHaveRun::Yes),
        (unsent, MayHaveRun::No),
    ] {
        let outcome = request.await.unwrap();
        let Err(CallError::Ended { may_have_run }) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(may_have_run, expected);
    }
    assert!(!conversation.is_open());
    let outcome = conversation.request(call("late")).await;
    assert!(matches!(
        outcome,
        Err(CallError::Ended {
            may_have_run: MayHaveRun::No
        })
    ));
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_taken_apart() {
    let (mut server, conversation) = legacy().await;
    let (first, second) = (
        send(&conversation, call("a")),
        send(&conversation, call("b")),
    );
    let (one, _) = server.asked("tools/call").await;
    let (two, _) = server.asked("tools/call").await;
    server
        .send(json!([{"jsonrpc": "2.0", "id": two, "result": {}}, {"jsonrpc": "2.0", "id": one, "result": {}}]))
        .await;
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn half_a_character_costs_a_character_and_no_answer() {
    let (mut server, conversation) = legacy().await;
    let request = send(&conversation, call("a"));
    let (id, _) = server.asked("tools/call").await;
    server
        .say(&format!(
            r#"{{"jsonrpc":"2.0","id":{id},"result":{{"text":"a\ud83dz"}}}}"#
        ))
        .await;
    assert_eq!(request.await.unwrap().unwrap()["text"], "a\u{fffd}z");
}

#[tokio::test(start_paused = true)]
async fn closing_ends_what_runs_and_closes_the_input() {
    let (mut server, conversation) = legacy().await;
    let request = send(&conversation, call("a"));
    server.asked("tools/call").await;
    let closing = tokio::spawn({
        let conversation = Arc::clone(&conversation);
        async move { conversation.close().await }
    });
    assert_eq!(server.hear().await, None);
    drop(server);
    closing.await.unwrap();
    assert!(matches!(
        request.await.unwrap(),
        Err(CallError::Ended { .. })
    ));
}
