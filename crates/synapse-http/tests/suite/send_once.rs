//! One request per call, whatever the status and however the connection ends.

use std::sync::Arc;

use synapse_http::TransportKind;
use synapse_testkit::raw::{End, RawServer, Reply};

use crate::support::{client, get, permit, permit_for, post, secret_for};

/// Statuses that clients tend to retry or follow, among ordinary ones.
const STATUSES: [u16; 27] = [
    200, 201, 202, 204, 300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 408, 409, 421,
    425, 429, 500, 502, 503, 504, 520, 529,
];

#[tokio::test]
async fn every_status_is_one_request_and_no_redirect_is_followed() {
    let elsewhere = RawServer::always(Reply::json(200, "{}"));
    let target = elsewhere.url("/elsewhere").to_string();
    for status in STATUSES {
        let reply = Reply::typed(status, "application/json", "{\"status\":true}")
            .header("location", &target)
            .header("retry-after", "0")
            .header("x-should-retry", "true");
        let server = RawServer::always(reply);
        // Covers both servers, so that not the permit keeps the second one idle.
        let permit = permit([server.origin(), elsewhere.origin()]);
        for request in [post(server.url("/v1/chat")), get(server.url("/v1/models"))] {
            let response = client().send(&permit, request).await.unwrap();
            assert_eq!(response.status, status);
            assert_eq!(response.headers.text("Location"), Some(target.as_str()));
        }
        assert_eq!(
            (server.heads(), server.accepts()),
            (2, 2),
            "status {status}"
        );
    }
    assert_eq!(elsewhere.accepts(), 0);
}

#[tokio::test]
async fn the_bytes_on_the_wire_are_these() {
    let server = RawServer::always(Reply::json(200, "{}"));
    let permit = permit_for(&server.url("/"));
    let secret = secret_for(&server);
    let request = post(server.url("/v1/chat/completions"))
        .header("OpenAI-Project", "proj_fake")
        .bearer(&secret);
    let response = client().send(&permit, request).await.unwrap();
    assert_eq!((response.bytes_out, response.bytes_in), (2, 2));
    assert_eq!(response.body, b"{}");
    let sent = client()
        .send(&permit, get(server.url("/v1/models?limit=1")))
        .await
        .unwrap();
    assert_eq!(sent.bytes_out, 0);

    let port = server.port();
    let requests = server.requests();
    assert_eq!(
        requests[0].head,
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\n\
             accept-encoding: identity\r\n\
             content-type: application/json\r\n\
             openai-project: proj_fake\r\n\
             authorization: Bearer fake-token\r\n\
             accept: */*\r\n\
             user-agent: suite/1\r\n\
             host: 127.0.0.1:{port}\r\n\
             content-length: 2\r\n\r\n"
        )
    );
    assert_eq!(requests[0].body, b"{}");
    assert_eq!(
        requests[1].head,
        format!(
            "GET /v1/models?limit=1 HTTP/1.1\r\n\
             accept-encoding: identity\r\n\
             accept: */*\r\n\
             user-agent: suite/1\r\n\
             host: 127.0.0.1:{port}\r\n\r\n"
        )
    );
}

#[tokio::test]
async fn a_connection_that_ends_before_the_answer_is_not_tried_again() {
    for end in [End::Close, End::Reset] {
        let server = RawServer::always(Reply::silent(end));
        let permit = permit_for(&server.url("/"));
        let failure = client()
            .send(&permit, post(server.url("/v1/chat")))
            .await
            .unwrap_err();
        assert_eq!(
            failure.kind(),
            TransportKind::Interrupted,
            "{end:?}: {failure:?}"
        );
        assert!(failure.was_sent() && failure.maybe_billed(), "{end:?}");
        assert_eq!((failure.bytes_out(), failure.bytes_in()), (2, 0));
        assert_eq!((server.heads(), server.accepts()), (1, 1), "{end:?}");
    }
}

#[tokio::test]
async fn a_get_may_have_been_processed_and_is_not_billed() {
    let server = RawServer::always(Reply::silent(End::Close));
    let permit = permit_for(&server.url("/"));
    let failure = client()
        .send(&permit, get(server.url("/v1/models")))
        .await
        .unwrap_err();
    assert_eq!(failure.kind(), TransportKind::Interrupted);
    assert!(failure.was_sent() && !failure.maybe_billed());
    assert_eq!(server.heads(), 1);
}

/// A server that promises keep-alive and closes at the worst times: right after the answer, with a
/// reset after it, or when a second request arrives.
fn hostile(request: &synapse_testkit::raw::RecordedRequest) -> Reply {
    if request.sequence > 0 {
        return Reply::silent(End::Close);
    }
    let reply = Reply::json(200, "{}").header("connection", "keep-alive");
    match request.connection % 3 {
        0 => reply,
        1 => reply.then(End::Close),
        _ => reply.then(End::Reset),
    }
}

#[tokio::test]
async fn four_hundred_calls_to_a_hostile_server_are_four_hundred_connections() {
    let server = RawServer::start(hostile);
    let permit = permit_for(&server.url("/"));
    let client = client();
    for call in 0..400 {
        let response = client.send(&permit, post(server.url("/v1/chat"))).await;
        assert_eq!(response.unwrap().status, 200, "call {call}");
    }
    assert_eq!((server.heads(), server.accepts()), (400, 400));
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.sequence == 0)
    );
}

#[tokio::test]
async fn fifty_calls_at_once_are_fifty_requests() {
    let server = RawServer::start(hostile);
    let permit = Arc::new(permit_for(&server.url("/")));
    let client = client();
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let (client, permit, url) = (client.clone(), Arc::clone(&permit), server.url("/v1"));
            tokio::spawn(async move { client.send(&permit, post(url)).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().status, 200);
    }
    assert_eq!((server.heads(), server.accepts()), (50, 50));
}
