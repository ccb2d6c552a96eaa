//! A configured proxy: what it sees, and every way it can fail.

use synapse_http::{
    HttpClient, HttpConfig, ProxyReason, RootCertificate, TlsReason, TransportFailure,
    TransportKind,
};
use synapse_testkit::raw::{ClosedPort, End, RawServer, Reply};
use synapse_testkit::tls::{Flaw, TlsIdentity};
use url::Url;

use crate::support::{BRIEF, config, failure_of, permit_for, post, proxy, secret_for};

fn client_through(url: &str, identity: &TlsIdentity) -> HttpClient {
    HttpClient::new(HttpConfig {
        proxy: proxy(url),
        connect_timeout: BRIEF,
        extra_roots: vec![RootCertificate::from_der(identity.authority_der())],
        ..config()
    })
}

async fn failure_through(proxy: &str, url: Url) -> TransportFailure {
    let client = client_through(proxy, &TlsIdentity::new(Flaw::None));
    let failure = failure_of(&client, post(url)).await;
    assert!(!failure.was_sent(), "{failure:?}");
    failure
}

/// The proxy resolves the name, so it need not exist here.
fn far_away() -> Url {
    "https://api.example.invalid/v1".parse().unwrap()
}

#[tokio::test]
async fn a_refused_tunnel_is_one_connect_and_tells_the_proxy_no_secret() {
    for (status, expected) in [
        (407, ProxyReason::AuthenticationRequired),
        (403, ProxyReason::TunnelRefused),
        (502, ProxyReason::TunnelRefused),
    ] {
        let server = RawServer::always(Reply::status(status));
        let failure = failure_through(server.url("/").as_str(), far_away()).await;
        assert_eq!(
            failure.kind(),
            TransportKind::Proxy { reason: expected },
            "{failure:?}"
        );
        let request = server.only_request();
        assert_eq!(
            (request.method(), request.target()),
            ("CONNECT", "api.example.invalid:443")
        );
        assert_eq!(request.header("authorization"), None);
        assert_eq!((server.heads(), server.accepts()), (1, 1));
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_told_from_a_host_that_is_not() {
    let closed = ClosedPort::new();
    let proxy = format!("http://127.0.0.1:{}", closed.port());
    let failure = failure_through(&proxy, far_away()).await;
    let reason = ProxyReason::Unreachable;
    assert_eq!(
        failure.kind(),
        TransportKind::Proxy { reason },
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_mute_proxy_is_a_connect_timeout() {
    let server = RawServer::mute();
    let failure = failure_through(server.url("/").as_str(), far_away()).await;
    assert_eq!(failure.kind(), TransportKind::ConnectTimeout, "{failure:?}");
}

/// The proxy could read the credential and the prompt, wherever the target is.
#[tokio::test]
async fn plain_http_is_not_given_to_a_proxy() {
    let identity = TlsIdentity::new(Flaw::None);
    let target = RawServer::always(Reply::json(200, "{}"));
    for server in [
        RawServer::always(Reply::json(200, "{}")),
        RawServer::start_tls(&identity, |_| Reply::json(200, "{}").then(End::Close)),
    ] {
        let client = client_through(server.url("/").as_str(), &identity);
        let secret = secret_for(&target);
        let private: Url = "http://192.168.1.7/v1".parse().unwrap();
        for request in [
            post(target.url("/v1/chat")).bearer(&secret),
            post(target.url("/v1/chat")),
            post(private),
        ] {
            let failure = failure_of(&client, request).await;
            assert_eq!(failure.kind(), TransportKind::NotPermitted, "{failure:?}");
            assert!(!failure.was_sent());
        }
        assert_eq!((server.accepts(), target.accepts()), (0, 0));
    }
}

#[tokio::test]
async fn https_passes_through_a_tunnel_once_and_the_proxy_sees_no_head() {
    let identity = TlsIdentity::new(Flaw::None);
    let target = RawServer::start_tls(&identity, |_| Reply::json(200, "{}").then(End::Close));
    let (target_port, secret) = (target.port(), secret_for(&target));
    let tunnel = RawServer::always(Reply::status(200).then(End::Tunnel(target_port)));
    let client = client_through(tunnel.url("/").as_str(), &identity);
    let request = post(target.url("/v1/chat")).bearer(&secret);
    let response = client
        .send(&permit_for(&target.url("/")), request)
        .await
        .unwrap();
    assert_eq!(response.status, 200);
    assert_eq!((tunnel.heads(), target.heads()), (1, 1));
    assert!(!tunnel.only_request().head.contains("fake-token"));
    assert_eq!(
        target.only_request().header("authorization"),
        Some("Bearer fake-token")
    );
}

#[tokio::test]
async fn a_bad_certificate_behind_a_tunnel_is_no_fault_of_the_proxy() {
    let target = RawServer::start_tls(&TlsIdentity::new(Flaw::None), |_| Reply::status(200));
    let tunnel = RawServer::always(Reply::status(200).then(End::Tunnel(target.port())));
    let failure = failure_through(tunnel.url("/").as_str(), target.url("/")).await;
    let reason = TlsReason::UnknownIssuer;
    assert_eq!(failure.kind(), TransportKind::Tls { reason }, "{failure:?}");
    assert_eq!((tunnel.heads(), target.heads()), (1, 0));
}
