//! Which deadline expired, and whether anything had been sent by then.

use std::time::{Duration, Instant};

use synapse_http::{HttpClient, HttpConfig, TransportKind};
use synapse_testkit::raw::{End, RawServer, Reply};
use url::Url;

use crate::support::{AMPLE, BRIEF, client, config, failure_of, get, post, within};

fn impatient() -> HttpClient {
    HttpClient::new(HttpConfig {
        connect_timeout: BRIEF,
        ..config()
    })
}

#[tokio::test]
async fn no_answer_in_time_is_a_response_timeout_and_may_be_billed() {
    let server = RawServer::always(Reply::silent(End::Hang));
    let url = server.url("/v1/chat");
    let began = Instant::now();
    let failure = failure_of(&client(), within(post(url), BRIEF)).await;
    assert_eq!(
        failure.kind(),
        TransportKind::ResponseTimeout,
        "{failure:?}"
    );
    assert!(failure.maybe_billed());
    assert_eq!((failure.status(), failure.bytes_out()), (None, 2));
    assert!(failure.elapsed() >= BRIEF && began.elapsed() < AMPLE);
    assert_eq!(server.heads(), 1);
}

#[tokio::test]
async fn a_get_without_answer_in_time_was_sent_too() {
    let server = RawServer::always(Reply::silent(End::Hang));
    let url = server.url("/v1/models");
    let failure = failure_of(&client(), within(get(url), BRIEF)).await;
    assert_eq!(
        failure.kind(),
        TransportKind::ResponseTimeout,
        "{failure:?}"
    );
    assert!(failure.was_sent() && !failure.maybe_billed());
    assert_eq!(server.heads(), 1);
}

#[tokio::test]
async fn a_body_that_drips_past_the_deadline_keeps_its_status() {
    let reply = Reply::json(200, "{}".repeat(500)).dripping(Duration::from_millis(10));
    let server = RawServer::always(reply.header("x-request-id", "req_fake"));
    let url = server.url("/v1/chat");
    let failure = failure_of(&client(), within(post(url), BRIEF)).await;
    assert_eq!(
        failure.kind(),
        TransportKind::ResponseTimeout,
        "{failure:?}"
    );
    assert_eq!(failure.status(), Some(200));
    assert_eq!(
        failure.headers().unwrap().text("x-request-id"),
        Some("req_fake")
    );
    assert!(failure.bytes_in() > 0 && failure.bytes_in() < 1000);
    assert_eq!(server.heads(), 1);
}

/// A peer that accepts and never answers the TLS hello: the handshake is part of connecting.
#[tokio::test]
async fn a_stalled_handshake_is_a_connect_timeout_and_nothing_was_sent() {
    let server = RawServer::mute();
    let url: Url = format!("https://127.0.0.1:{}/v1", server.port())
        .parse()
        .unwrap();
    let failure = failure_of(&impatient(), post(url)).await;
    assert_eq!(failure.kind(), TransportKind::ConnectTimeout, "{failure:?}");
    assert!(
        failure.elapsed() < AMPLE,
        "the deadline of the request has passed"
    );
    assert!(!failure.was_sent());
    assert_eq!(
        (failure.bytes_out(), server.accepts(), server.heads()),
        (0, 1, 0)
    );
}

/// The request's own deadline expires while connecting: reqwest cannot tell, but the unpolled body
/// can.
#[tokio::test]
async fn a_deadline_that_passes_while_connecting_is_a_connect_timeout() {
    let server = RawServer::mute();
    let url: Url = format!("https://127.0.0.1:{}/v1", server.port())
        .parse()
        .unwrap();
    for request in [post(url.clone()), get(url.clone())] {
        let failure = failure_of(&client(), within(request, BRIEF)).await;
        assert_eq!(failure.kind(), TransportKind::ConnectTimeout, "{failure:?}");
        assert!(!failure.was_sent());
    }
}

#[tokio::test]
async fn over_plain_http_a_mute_peer_is_a_response_timeout() {
    let server = RawServer::mute();
    let url = server.url("/v1");
    let failure = failure_of(&impatient(), within(post(url), BRIEF)).await;
    assert_eq!(
        failure.kind(),
        TransportKind::ResponseTimeout,
        "{failure:?}"
    );
    assert!(failure.maybe_billed());
}
