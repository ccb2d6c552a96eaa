//! Every certificate or handshake flaw; nothing is sent in any case.

use rustls::crypto::CryptoProvider;
use synapse_http::{
    HttpClient, HttpConfig, RootCertificate, TlsReason, TransportFailure, TransportKind,
};
use synapse_testkit::raw::{End, RawServer, Reply};
use synapse_testkit::tls::{Flaw, TlsIdentity};
use url::Url;

use crate::support::{client_trusting, config, failure_of, permit_for, post, secret_for};

fn reason(failure: &TransportFailure) -> TlsReason {
    assert!(!failure.was_sent(), "{failure:?}");
    match failure.kind() {
        TransportKind::Tls { reason } => reason,
        other => panic!("{other:?}: {failure:?}"),
    }
}

#[tokio::test]
async fn a_trusted_server_is_asked_once_per_call_and_no_global_provider_is_needed() {
    let identity = TlsIdentity::new(Flaw::None);
    let server = RawServer::start_tls(&identity, |_| Reply::json(200, "{}").then(End::Close));
    let client = client_trusting(&identity);
    let secret = secret_for(&server);
    let permit = permit_for(&server.url("/"));
    for _ in 0..3 {
        let request = post(server.url("/v1/chat")).bearer(&secret);
        assert_eq!(client.send(&permit, request).await.unwrap().status, 200);
    }
    assert_eq!((server.heads(), server.accepts()), (3, 3));
    assert_eq!(
        server.requests()[0].header("authorization"),
        Some("Bearer fake-token")
    );
    assert!(CryptoProvider::get_default().is_none());
}

#[tokio::test]
async fn an_unknown_issuer_is_refused_also_under_a_trusted_name() {
    let named = || TlsIdentity::from_authority(Flaw::None, "A well-known authority");
    for (identity, trusted) in [
        (TlsIdentity::new(Flaw::None), TlsIdentity::new(Flaw::None)),
        (named(), named()),
    ] {
        let server = RawServer::start_tls(&identity, |_| Reply::status(200));
        let failure = failure_of(&client_trusting(&trusted), post(server.url("/"))).await;
        assert_eq!(reason(&failure), TlsReason::UnknownIssuer);
        assert_eq!((server.accepts(), server.heads()), (1, 0));
    }
}

#[tokio::test]
async fn a_flawed_certificate_of_a_trusted_issuer_is_refused() {
    for (flaw, expected) in [
        (Flaw::WrongName, TlsReason::WrongName),
        (Flaw::Expired, TlsReason::Expired),
        (Flaw::NotYetValid, TlsReason::NotYetValid),
        (Flaw::Authority, TlsReason::Authority),
    ] {
        let identity = TlsIdentity::new(flaw);
        let server = RawServer::start_tls(&identity, |_| Reply::status(200));
        let failure = failure_of(&client_trusting(&identity), post(server.url("/"))).await;
        assert_eq!(reason(&failure), expected, "{flaw:?}");
        assert_eq!((server.accepts(), server.heads()), (1, 0));
    }
}

#[tokio::test]
async fn a_plain_server_does_not_speak_tls() {
    let identity = TlsIdentity::new(Flaw::None);
    for (reply, expected) in [
        (Reply::status(400).then(End::Close), TlsReason::NotTls),
        (Reply::silent(End::Close), TlsReason::HandshakeRefused),
        (Reply::silent(End::Reset), TlsReason::HandshakeRefused),
    ] {
        let server = RawServer::answering_any_bytes(reply);
        let url = format!("https://localhost:{}/", server.port())
            .parse()
            .unwrap();
        let failure = failure_of(&client_trusting(&identity), post(url)).await;
        assert_eq!(reason(&failure), expected, "{failure:?}");
        assert_eq!(server.accepts(), 1);
    }
}

/// A TLS server answers a plain request with an alert, which is not HTTP.
#[tokio::test]
async fn a_tls_server_does_not_speak_plain_http() {
    let identity = TlsIdentity::new(Flaw::None);
    let server = RawServer::start_tls(&identity, |_| Reply::status(200));
    let url = format!("http://localhost:{}/", server.port())
        .parse()
        .unwrap();
    let failure = failure_of(&client_trusting(&identity), post(url)).await;
    assert_eq!(failure.kind(), TransportKind::NotHttp, "{failure:?}");
    assert_eq!((server.accepts(), server.heads()), (1, 0));
}

#[tokio::test]
async fn breaking_off_inside_tls_is_one_request_too() {
    for (reply, expected) in [
        (Reply::silent(End::Close), TransportKind::Interrupted),
        (Reply::silent(End::Reset), TransportKind::Interrupted),
        (
            Reply::json(200, "{").claiming(9).then(End::Close),
            TransportKind::Truncated,
        ),
        // Without a length, the missing close_notify is the only sign of truncation.
        (
            Reply::raw("HTTP/1.1 200 OK\r\n\r\n{").then(End::Reset),
            TransportKind::Interrupted,
        ),
    ] {
        let identity = TlsIdentity::new(Flaw::None);
        let server = RawServer::start_tls(&identity, move |_| reply.clone());
        let failure = failure_of(&client_trusting(&identity), post(server.url("/"))).await;
        assert_eq!(failure.kind(), expected, "{failure:?}");
        assert!(failure.maybe_billed());
        assert_eq!((server.heads(), server.accepts()), (1, 1));
    }
}

#[tokio::test]
async fn a_root_that_is_no_certificate_is_an_internal_failure() {
    let server = RawServer::mute();
    let url: Url = format!("https://127.0.0.1:{}/", server.port())
        .parse()
        .unwrap();
    let client = HttpClient::new(HttpConfig {
        extra_roots: vec![RootCertificate::from_der(*b"nonsense")],
        ..config()
    });
    let failure = failure_of(&client, post(url)).await;
    assert_eq!(failure.kind(), TransportKind::Internal, "{failure:?}");
    assert_eq!(server.accepts(), 0);
}
