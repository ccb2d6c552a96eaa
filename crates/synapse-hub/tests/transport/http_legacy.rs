//! Streamable HTTP with legacy servers: sessions and legacy-only features.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::json;
use synapse_core::secret::BoundSecret;
use synapse_core::{Failure, Origin};
use synapse_hub::transport::BearerSource;
use synapse_mcp::client::{CallError, Conversation as _, Eras, Negotiation};
use synapse_testkit::raw::{End, RawServer, Reply};

use crate::support::{call, events, http, legacy, methods, object, open, until};

const OPENED: [&str; 3] = ["server/discover", "initialize", "notifications/initialized"];

#[tokio::test]
async fn a_session_is_opened_used_and_deleted() {
    let server = legacy(|_| None);
    let conversation = open(&server, Eras::Both).await;
    let hello = conversation.hello();
    assert_eq!(hello.negotiation, Negotiation::RefusedByStatus(400));
    conversation.request(call("t", json!({}))).await.unwrap();
    conversation.close().await;
    assert_eq!(
        methods(&server),
        [&OPENED[..], &["tools/call", "DELETE"]].concat()
    );
    let requests = server.requests();
    assert!(!requests[1].head.contains("mcp-session-id"));
    for request in &requests[2..] {
        assert!(
            request.head.contains("mcp-session-id: session-1\r\n"),
            "{}",
            request.head
        );
        assert!(
            request
                .head
                .contains("mcp-protocol-version: 2025-11-25\r\n")
        );
        assert!(!request.head.contains("mcp-method"));
    }
}

/// Every request of a session carries the token, in its header alone.
#[tokio::test]
async fn a_token_is_on_every_request_and_in_no_address() {
    let server = legacy(|_| None);
    let mut entry = http(server.url("/mcp?login"), Eras::Both);
    entry.credentials = Some(Arc::new(OneToken(server.origin())));
    let conversation = entry.open().await.unwrap();
    conversation.request(call("t", json!({}))).await.unwrap();
    conversation.close().await;
    let requests = server.requests();
    assert!(requests.len() >= 5, "{}", requests.len());
    for request in requests {
        let head = request.head.to_ascii_lowercase();
        assert_eq!(
            head.matches("authorization: bearer fake-token\r\n").count(),
            1,
            "{head}"
        );
        assert_eq!(head.matches("fake-token").count(), 1, "{head}");
        assert_eq!(request.target(), "/mcp?login");
        assert!(!String::from_utf8_lossy(&request.body).contains("fake-token"));
    }
}

/// A redirect takes no token along, whatever it asks to be repeated.
#[tokio::test]
async fn a_redirect_takes_no_token_to_another_server() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = RawServer::always(Reply::json(200, "{}"));
        let target = elsewhere.url("/mcp");
        let server = legacy(move |posted| {
            (posted.method == "tools/call")
                .then(|| Reply::status(status).header("location", target.as_str()))
        });
        let mut entry = http(server.url("/mcp"), Eras::Both);
        entry.credentials = Some(Arc::new(OneToken(server.origin())));
        let conversation = entry.open().await.unwrap();
        let error = conversation
            .request(call("t", json!({})))
            .await
            .unwrap_err();
        assert!(
            matches!(error, CallError::Http { status: got, .. } if got == status),
            "{error:?}"
        );
        assert_eq!(elsewhere.accepts(), 0, "{status}");
    }
}

/// The same token each time.
#[derive(Debug)]
struct OneToken(Origin);

#[async_trait]
impl BearerSource for OneToken {
    async fn authorization(&self) -> Result<Option<Arc<BoundSecret>>, Failure> {
        let origins = vec![self.0.clone()];
        Ok(Some(Arc::new(BoundSecret::new(
            "fake-token".into(),
            origins,
        ))))
    }
}

#[tokio::test]
async fn whatever_a_legacy_server_says_to_the_probe_initialize_follows() {
    for status in [400, 404, 405, 406, 415, 500, 501] {
        let server = legacy(move |posted| {
            (posted.method == "server/discover").then(|| Reply::status(status))
        });
        let conversation = open(&server, Eras::Both).await;
        assert_eq!(
            conversation.hello().negotiation,
            Negotiation::RefusedByStatus(status)
        );
    }
    let server =
        legacy(|posted| (posted.method == "server/discover").then(|| posted.error(200, -32601)));
    assert_eq!(
        open(&server, Eras::Both).await.hello().negotiation,
        Negotiation::Refused(-32601)
    );
    let server = legacy(|posted| (posted.method == "server/discover").then(|| Reply::status(202)));
    assert_eq!(
        open(&server, Eras::Both).await.hello().negotiation,
        Negotiation::Silent
    );
}

#[tokio::test]
async fn a_pinned_legacy_server_hears_no_probe() {
    let server = legacy(|_| None);
    let conversation = open(&server, Eras::Legacy).await;
    assert_eq!(conversation.hello().negotiation, Negotiation::Pinned);
    assert_eq!(methods(&server), OPENED[1..]);
}

#[tokio::test]
async fn a_lost_session_is_lost_and_not_opened_anew() {
    let server =
        legacy(|posted| (posted.method == "tools/call").then(|| posted.error(404, -32001)));
    let conversation = open(&server, Eras::Both).await;
    let outcome = conversation.request(call("t", json!({}))).await;
    assert!(
        matches!(outcome, Err(CallError::SessionLost)),
        "{outcome:?}"
    );
    assert!(!conversation.is_open());
    let outcome = conversation.request(call("t", json!({}))).await;
    assert!(
        matches!(outcome, Err(CallError::SessionLost)),
        "{outcome:?}"
    );
    conversation.close().await;
    assert_eq!(methods(&server), [&OPENED[..], &["tools/call"]].concat());
}

#[tokio::test]
async fn a_request_that_is_given_up_is_cancelled_by_a_message() {
    let server = legacy(|posted| (posted.method == "tools/call").then(|| Reply::silent(End::Hang)));
    let conversation = Arc::new(open(&server, Eras::Both).await);
    let mut outgoing = call("t", json!({}));
    outgoing.patience = Duration::from_millis(200);
    let outcome = conversation.request(outgoing).await;
    assert!(matches!(outcome, Err(CallError::Timeout { .. })));
    let request = tokio::spawn({
        let conversation = Arc::clone(&conversation);
        async move { conversation.request(call("t", json!({}))).await }
    });
    until("both calls and a cancellation", || {
        server.requests().len() == 6
    })
    .await;
    request.abort();
    until("the other one", || server.requests().len() == 7).await;
    let mut sent = methods(&server);
    sent.sort();
    assert_eq!(
        sent.iter()
            .filter(|method| *method == "notifications/cancelled")
            .count(),
        2
    );
}

#[tokio::test]
async fn the_stream_of_the_server_is_opened_only_where_it_has_something_to_say() {
    let server = legacy(|_| None);
    open(&server, Eras::Both).await;
    assert!(!methods(&server).contains(&"GET".to_owned()));
    let mut entry = http(server.url("/mcp"), Eras::Both);
    entry.introduction.capabilities = object(json!({"elicitation": {}}));
    entry.open().await.unwrap();
    assert_eq!(methods(&server).last().unwrap(), "GET");
    let server = legacy(|posted| {
        (posted.method == "initialize").then(|| {
            posted.answer(json!({"protocolVersion": "2025-06-18", "capabilities": {"tools": {"listChanged": true}}}))
        })
    });
    open(&server, Eras::Both).await;
    assert_eq!(methods(&server).last().unwrap(), "GET");
}

/// A server request on a call's stream belongs to that call, and its answer is a separate message.
#[tokio::test]
async fn a_question_on_a_stream_is_answered() {
    let server = legacy(|posted| {
        let ask =
            json!({"jsonrpc": "2.0", "id": "q", "method": "elicitation/create", "params": {}});
        let body = events(&[ask]);
        (posted.method == "tools/call").then(|| {
            Reply::typed(200, "text/event-stream", body)
                .chunked_unfinished()
                .then(End::Hang)
        })
    });
    let conversation = Arc::new(open(&server, Eras::Both).await);
    let mut outgoing = call("t", json!({}));
    outgoing.questions = Some(Arc::new(Yes));
    let request = tokio::spawn({
        let conversation = Arc::clone(&conversation);
        async move { conversation.request(outgoing).await }
    });
    until("the answer", || {
        methods(&server).last().is_some_and(|last| last == "answer")
    })
    .await;
    let requests = server.requests();
    let answer: serde_json::Value = serde_json::from_slice(&requests.last().unwrap().body).unwrap();
    assert_eq!(
        answer,
        json!({"jsonrpc": "2.0", "id": "q", "result": {"action": "accept"}})
    );
    request.abort();
}

struct Yes;

#[async_trait::async_trait]
impl synapse_mcp::client::ClientHandler for Yes {
    async fn ask(
        &self,
        _: &str,
        _: synapse_mcp::JsonObject,
    ) -> Result<serde_json::Value, synapse_mcp::client::RpcError> {
        Ok(json!({"action": "accept"}))
    }

    fn heard(&self, _: &str, _: synapse_mcp::JsonObject) {}
}

/// SEP-1699: the server ends the stream with a retry time.
#[tokio::test]
async fn the_rest_of_a_stream_is_asked_for_when_the_server_says_so() {
    let server = RawServer::start({
        let inner = std::sync::Mutex::new(json!(null));
        move |request| {
            let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let id = body["id"].clone();
            match crate::support::method_of(request).as_str() {
                "initialize" => Reply::json(
                    200,
                    json!({"jsonrpc": "2.0", "id": id, "result":
                    {"protocolVersion": "2025-11-25", "capabilities": {}}})
                    .to_string(),
                ),
                "tools/call" => {
                    *inner.lock().unwrap() = id;
                    Reply::typed(200, "text/event-stream", "id: e-1\nretry: 300\ndata:\n\n")
                        .chunked()
                }
                "GET" => {
                    assert!(
                        request.head.contains("last-event-id: e-1\r\n"),
                        "{}",
                        request.head
                    );
                    let id = inner.lock().unwrap().clone();
                    let answer = json!({"jsonrpc": "2.0", "id": id, "result": {"late": true}});
                    Reply::typed(200, "text/event-stream", events(&[answer]))
                }
                _ => Reply::status(202),
            }
        }
    });
    let conversation = open(&server, Eras::Legacy).await;
    let began = Instant::now();
    let result = conversation.request(call("t", json!({}))).await.unwrap();
    assert_eq!(result["late"], true);
    assert!(began.elapsed() >= Duration::from_millis(300));
    assert_eq!(
        methods(&server),
        [
            "initialize",
            "notifications/initialized",
            "tools/call",
            "GET"
        ]
    );
}

/// Without a retry time nothing is requested again.
#[tokio::test]
async fn a_stream_that_just_ends_loses_its_request() {
    let server = legacy(|posted| {
        (posted.method == "tools/call")
            .then(|| Reply::typed(200, "text/event-stream", "id: 1\ndata:\n\n").chunked())
    });
    let conversation = open(&server, Eras::Both).await;
    let outcome = conversation.request(call("t", json!({}))).await;
    assert!(
        matches!(outcome, Err(CallError::Interrupted)),
        "{outcome:?}"
    );
    until("the cancellation", || methods(&server).len() == 5).await;
    assert_eq!(
        methods(&server),
        [&OPENED[..], &["tools/call", "notifications/cancelled"]].concat()
    );
}
