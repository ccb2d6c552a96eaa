//! Invalid HTTP responses: truncated, too large, badly framed, or not HTTP at all.

use synapse_core::Code;
use synapse_http::{BodyCoding, HttpClient, HttpConfig, TransportFailure, TransportKind};
use synapse_testkit::raw::{End, RawServer, Reply};

use crate::support::{client, config, failure_of, permit_for, post};

/// Sends one request and returns the failure, with the number of heads that arrived.
async fn failed(client: HttpClient, reply: Reply) -> (TransportFailure, usize) {
    let server = RawServer::always(reply);
    let url = server.url("/v1/chat");
    let failure = failure_of(&client, post(url)).await;
    assert!(failure.maybe_billed(), "{failure:?}");
    (failure, server.heads())
}

#[tokio::test]
async fn a_body_that_ends_early_is_truncated_and_keeps_status_and_headers() {
    let whole = Reply::json(200, "{\"choices\":[").header("x-request-id", "req_fake");
    for reply in [
        whole.clone().claiming(100).then(End::Close),
        whole.clone().chunked_unfinished().then(End::Close),
    ] {
        let (failure, heads) = failed(client(), reply).await;
        assert_eq!(failure.kind(), TransportKind::Truncated, "{failure:?}");
        assert_eq!((failure.status(), failure.bytes_in()), (Some(200), 12));
        assert_eq!(
            failure.headers().unwrap().text("x-request-id"),
            Some("req_fake")
        );
        assert!(failure.headers_after().unwrap() <= failure.elapsed());
        assert_eq!(heads, 1);
    }
}

#[tokio::test]
async fn a_body_that_is_reset_is_interrupted() {
    let reply = Reply::json(200, "{").claiming(100).then(End::Reset);
    let (failure, heads) = failed(client(), reply).await;
    assert_eq!(failure.kind(), TransportKind::Interrupted, "{failure:?}");
    assert_eq!(heads, 1);
}

#[tokio::test]
async fn a_body_over_the_cap_is_not_read_on_and_one_at_the_cap_is_whole() {
    let capped = |body_cap| {
        HttpClient::new(HttpConfig {
            body_cap,
            ..config()
        })
    };
    let body = "x".repeat(1 << 20);
    for reply in [
        Reply::json(200, body.clone()),
        Reply::json(200, body.clone()).chunked(),
    ] {
        let (failure, heads) = failed(capped(1000), reply.clone()).await;
        assert_eq!(failure.kind(), TransportKind::BodyTooLarge { cap: 1000 });
        assert_eq!(failure.status(), Some(200));
        assert!(failure.bytes_in() < 200_000, "{}", failure.bytes_in());
        assert_eq!(heads, 1);

        let server = RawServer::always(reply);
        let url = server.url("/");
        let whole = capped(1 << 20).send(&permit_for(&url), post(url)).await;
        assert_eq!(whole.unwrap().body, body.as_bytes());
    }
}

#[tokio::test]
async fn what_is_not_http_is_told_apart() {
    for garbage in [
        "\u{0}\u{1}garbage\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "<html></html>\n",
    ] {
        let (failure, heads) = failed(client(), Reply::raw(garbage)).await;
        assert_eq!(
            failure.kind(),
            TransportKind::NotHttp,
            "{garbage:?}: {failure:?}"
        );
        assert_eq!((failure.status(), heads), (None, 1));
    }
}

#[tokio::test]
async fn a_head_or_a_framing_that_breaks_the_rules_is_malformed() {
    let endless = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(1 << 20));
    let bad_chunk = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n";
    for reply in [endless.as_str(), bad_chunk] {
        let (failure, heads) = failed(client(), Reply::raw(reply)).await;
        assert_eq!(failure.kind(), TransportKind::Malformed, "{failure:?}");
        assert_eq!(heads, 1);
    }
}

/// An SSH or SMTP server speaks first. Whether the request is still written is a race, and the
/// failure says which.
#[tokio::test]
async fn a_server_that_speaks_first_is_not_http() {
    for _ in 0..20 {
        let server = RawServer::greeting(b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n");
        let url = server.url("/v1");
        let failure = failure_of(&client(), post(url)).await;
        assert_eq!(failure.kind(), TransportKind::NotHttp, "{failure:?}");
    }
}

#[tokio::test]
async fn an_answer_of_any_framing_is_read_whole() {
    for reply in [
        Reply::json(200, "{\"a\":1}"),
        Reply::json(200, "{\"a\":1}").chunked(),
        Reply::raw("HTTP/1.1 200 OK\r\n\r\n{\"a\":1}"),
        Reply::raw("HTTP/1.0 200 OK\r\ncontent-encoding: gzip\r\n\r\n{\"a\":1}"),
        Reply::raw(
            "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{\"a\":1}",
        ),
    ] {
        let server = RawServer::always(reply);
        let url = server.url("/");
        let response = client().send(&permit_for(&url), post(url)).await.unwrap();
        assert_eq!(
            (response.status, response.body.as_slice()),
            (200, &b"{\"a\":1}"[..])
        );
        assert!(response.headers_after <= response.elapsed);
        assert_eq!(server.heads(), 1);
    }
}

/// `{"a":1}` as stored gzip: one stored block, checksum and length.
const PACKED: &[u8] =
    b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x07\0\xf8\xff{\"a\":1}\x3d\x12\x3b\x0d\x07\0\0\0";

async fn answered(reply: Reply) -> (Vec<u8>, BodyCoding, u64) {
    let server = RawServer::always(reply);
    let url = server.url("/");
    let response = client().send(&permit_for(&url), post(url)).await.unwrap();
    let request = server.only_request();
    assert_eq!(request.header("accept-encoding"), Some("identity"));
    (response.body, response.coding, response.bytes_in)
}

#[tokio::test]
async fn no_compression_is_asked_for_and_what_comes_is_undone() {
    let whole = b"{\"a\":1}".to_vec();
    let plain = Reply::json(200, whole.clone()).header("content-encoding", "gzip");
    assert_eq!(answered(plain).await, (whole.clone(), BodyCoding::Plain, 7));
    let packed = |bytes: &[u8]| Reply::json(200, bytes).header("content-encoding", "gzip");
    // The checksum is wrong, but the text is complete.
    let (body, coding, bytes_in) = answered(packed(PACKED).chunked()).await;
    assert_eq!((body, coding), (whole.clone(), BodyCoding::Damaged));
    assert_eq!(bytes_in, PACKED.len() as u64);
    let cut = &PACKED[..PACKED.len() - 8];
    assert_eq!(answered(packed(cut)).await.0, whole);
}

#[tokio::test]
async fn what_cannot_be_undone_is_named() {
    let brotli = Reply::json(200, b"\x1b\x3b\0\xf8\xff\x8d\x94\x6e".to_vec());
    let (failure, heads) = failed(client(), brotli.header("content-encoding", "br")).await;
    assert_eq!(failure.kind(), TransportKind::Undecodable);
    assert_eq!((failure.status(), heads), (Some(200), 1));
    let shown = failure.to_failure();
    assert_eq!(shown.code(), Code::ProviderBadResponse);
    assert!(
        shown.causes().contains(&"its content-encoding is br"),
        "{shown:?}"
    );
}
