//! Incrementally read bodies: still one request, under both deadlines and the cap.

use std::sync::Arc;
use std::time::{Duration, Instant};

use synapse_http::{HttpRequest, Method, StreamingResponse, TransportFailure, TransportKind};
use synapse_testkit::raw::{End, RawServer, Reply};
use url::Url;

use crate::support::{AMPLE, BRIEF, client, permit, permit_for, post, within};

const CAP: u64 = 1024;

async fn head_of(request: HttpRequest<'_>, idle: Duration) -> StreamingResponse {
    let permit = permit_for(&request.url);
    let sent = client().send_streaming(&permit, request, idle, CAP).await;
    sent.unwrap()
}

/// Reads until the end or a failure.
async fn read(mut response: StreamingResponse) -> (Vec<u8>, Option<TransportFailure>) {
    let mut body = Vec::new();
    loop {
        match response.body.next().await {
            Ok(Some(piece)) => body.extend_from_slice(&piece),
            Ok(None) => return (body, None),
            Err(failure) => return (body, Some(failure)),
        }
    }
}

fn event_stream(body: &str) -> Reply {
    Reply::typed(200, "text/event-stream", body)
}

async fn failure_of(
    reply: Reply,
    idle: Duration,
    deadline: Duration,
) -> (Vec<u8>, TransportFailure) {
    let server = RawServer::always(reply);
    let request = within(post(server.url("/")), deadline);
    let (body, failure) = read(head_of(request, idle).await).await;
    assert_eq!((server.heads(), server.accepts()), (1, 1));
    (body, failure.unwrap())
}

#[tokio::test]
async fn the_head_is_there_before_the_body_ends() {
    let reply = event_stream("data: 1\n\n")
        .chunked_unfinished()
        .then(End::Hang);
    let server = RawServer::always(reply.header("x-a", "b"));
    let mut response = head_of(post(server.url("/")), AMPLE).await;
    assert_eq!(
        (response.status, response.headers.text("x-a")),
        (200, Some("b"))
    );
    let mut body = Vec::new();
    while body.len() < 9 {
        body.extend_from_slice(&response.body.next().await.unwrap().unwrap());
    }
    assert_eq!(body, b"data: 1\n\n");
    assert_eq!(response.body.bytes_in(), 9);
    // Dropping it closes the socket.
    drop(response);
    let server = tokio::task::spawn_blocking(move || {
        server.wait_for_closed(1);
        server
    });
    assert_eq!(server.await.unwrap().heads(), 1);
}

#[tokio::test]
async fn every_status_is_one_request_and_no_redirect_is_followed() {
    let elsewhere = RawServer::always(Reply::json(200, "{}"));
    let target = elsewhere.url("/").to_string();
    for status in [
        200, 202, 204, 301, 302, 303, 307, 308, 401, 404, 421, 425, 429, 500, 503,
    ] {
        let reply = Reply::typed(status, "text/plain", "x").header("location", &target);
        let server = RawServer::always(reply.header("retry-after", "0"));
        let permit = permit([server.origin(), elsewhere.origin()]);
        for method in [Method::Post, Method::Get, Method::Delete] {
            let request = HttpRequest::new(method, server.url("/mcp"), AMPLE);
            let sent = client().send_streaming(&permit, request, AMPLE, CAP).await;
            assert_eq!(sent.unwrap().status, status);
        }
        assert_eq!((server.heads(), server.accepts()), (3, 3), "{status}");
    }
    assert_eq!(elsewhere.accepts(), 0);
}

#[tokio::test]
async fn a_connection_that_ends_before_the_head_is_not_tried_again() {
    for end in [End::Close, End::Reset] {
        let server = RawServer::always(Reply::silent(end));
        let permit = permit_for(&server.url("/"));
        let sent = client()
            .send_streaming(&permit, post(server.url("/")), AMPLE, CAP)
            .await;
        let failure = sent.unwrap_err();
        assert_eq!(failure.kind(), TransportKind::Interrupted);
        assert!(failure.was_sent());
        assert_eq!((server.heads(), server.accepts()), (1, 1), "{end:?}");
    }
}

#[tokio::test]
async fn a_stream_that_goes_silent_ends_at_the_idle_deadline() {
    let reply = event_stream("data: 1\n\n")
        .chunked_unfinished()
        .then(End::Hang);
    let began = Instant::now();
    let (body, failure) = failure_of(reply, BRIEF, AMPLE).await;
    assert_eq!(failure.kind(), TransportKind::ResponseTimeout);
    assert_eq!((body.len(), failure.status()), (9, Some(200)));
    assert!(began.elapsed() < AMPLE);
}

#[tokio::test]
async fn a_stream_that_never_goes_silent_ends_at_the_deadline() {
    let reply = event_stream(&"x".repeat(900)).dripping(Duration::from_millis(5));
    let (body, failure) = failure_of(reply, BRIEF, BRIEF).await;
    assert_eq!(failure.kind(), TransportKind::ResponseTimeout);
    assert!(!body.is_empty() && body.len() < 900);
}

#[tokio::test]
async fn a_stream_is_read_to_the_cap_and_no_further() {
    let (body, failure) = failure_of(event_stream(&"x".repeat(5000)), AMPLE, AMPLE).await;
    assert_eq!(failure.kind(), TransportKind::BodyTooLarge { cap: 1024 });
    assert!(body.len() <= 1024);
}

#[tokio::test]
async fn a_cut_stream_is_told_from_one_that_ends() {
    let (_, failure) = failure_of(
        event_stream("data").chunked_unfinished().then(End::Close),
        AMPLE,
        AMPLE,
    )
    .await;
    assert!(
        matches!(
            failure.kind(),
            TransportKind::Truncated | TransportKind::Interrupted
        ),
        "{failure:?}"
    );
    assert_eq!(failure.status(), Some(200));
    let server = RawServer::always(event_stream("data").chunked());
    let (body, failure) = read(head_of(post(server.url("/")), AMPLE).await).await;
    assert_eq!(
        (body.as_slice(), failure.is_none()),
        (b"data".as_slice(), true)
    );
}

/// Unrequested compression: a whole body is decoded, an incremental one refused.
#[tokio::test]
async fn a_compressed_body_is_read_whole_or_not_at_all() {
    let gzip =
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00";
    let reply = Reply::json(200, gzip.as_slice()).header("content-encoding", "gzip");
    let server = RawServer::always(reply);
    let whole = head_of(post(server.url("/")), AMPLE)
        .await
        .body
        .whole()
        .await;
    assert_eq!(whole.unwrap(), b"{}");
    let (_, failure) = read(head_of(post(server.url("/")), AMPLE).await).await;
    assert_eq!(failure.unwrap().kind(), TransportKind::Undecodable);
}

#[tokio::test]
async fn the_beginning_of_a_body_is_no_more_than_that() {
    let server = RawServer::always(Reply::typed(500, "text/html", "<html>".repeat(1000)));
    let response = head_of(post(server.url("/")), AMPLE).await;
    assert_eq!(response.body.beginning(100).await.len(), 100);
}

#[tokio::test]
async fn a_delete_has_no_body_and_is_never_billed() {
    let server = RawServer::always(Reply::silent(End::Close));
    let url: Url = server.url("/mcp");
    let permit = permit_for(&url);
    let request = HttpRequest::new(Method::Delete, url, AMPLE);
    let failure = client().send(&permit, request).await.unwrap_err();
    assert!(failure.was_sent() && !failure.maybe_billed());
    let head = server.only_request().head;
    assert!(head.starts_with("DELETE /mcp HTTP/1.1\r\n"), "{head}");
    assert!(!head.contains("content-type"), "{head}");
}

#[tokio::test]
async fn fifty_streams_at_once_are_fifty_requests() {
    let server = RawServer::always(event_stream("data: 1\n\n").chunked());
    let permit = Arc::new(permit_for(&server.url("/")));
    let client = client();
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let (client, permit, url) = (client.clone(), Arc::clone(&permit), server.url("/"));
            tokio::spawn(async move {
                let sent = client.send_streaming(&permit, post(url), AMPLE, CAP).await;
                read(sent.unwrap()).await
            })
        })
        .collect();
    for call in calls {
        let (body, failure) = call.await.unwrap();
        assert_eq!((body.len(), failure.is_none()), (9, true));
    }
    assert_eq!((server.heads(), server.accepts()), (50, 50));
}
