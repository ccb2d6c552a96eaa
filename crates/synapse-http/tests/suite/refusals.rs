//! Requests refused before a socket is opened, and unreachable hosts: nothing was sent.

use synapse_core::Origin;
use synapse_core::secret::BoundSecret;
use synapse_http::{HttpClient, HttpConfig, TransportKind};
use synapse_testkit::raw::{ClosedPort, RawServer, Reply};
use url::Url;

use crate::support::{client, config, failure_of, get, permit, permit_for, post, secret_for};

fn untouched(server: &RawServer) -> bool {
    server.accepts() == 0
}

#[tokio::test]
async fn a_url_outside_the_permit_is_refused() {
    let server = RawServer::always(Reply::status(200));
    let other = RawServer::always(Reply::status(200));
    for permit in [permit([]), permit_for(&other.url("/"))] {
        let failure = client()
            .send(&permit, post(server.url("/")))
            .await
            .unwrap_err();
        assert_eq!(failure.kind(), TransportKind::NotPermitted);
        assert!(!failure.was_sent());
    }
    assert!(untouched(&server) && untouched(&other));
}

/// All URLs without a host share one opaque origin, which a permit must not cover.
#[tokio::test]
async fn a_scheme_other_than_http_is_refused_even_with_a_permit() {
    let url: Url = "file:///etc/passwd".parse().unwrap();
    let failure = failure_of(&client(), get(url)).await;
    assert_eq!(failure.kind(), TransportKind::NotPermitted);
}

#[tokio::test]
async fn a_bearer_for_another_origin_is_refused() {
    let server = RawServer::always(Reply::status(200));
    let other = RawServer::always(Reply::status(200));
    let secret = secret_for(&other);
    let permit = permit_for(&server.url("/"));
    let request = post(server.url("/")).bearer(&secret);
    let failure = client().send(&permit, request).await.unwrap_err();
    assert_eq!(failure.kind(), TransportKind::NotPermitted);
    assert!(untouched(&server) && untouched(&other));
}

#[tokio::test]
async fn a_secret_does_not_travel_in_the_clear() {
    for url in ["http://api.example.invalid/v1", "http://192.168.1.7/v1"] {
        let url: Url = url.parse().unwrap();
        let secret = BoundSecret::new("fake-token".into(), vec![Origin::of(&url)]);
        for request in [
            post(url.clone()).bearer(&secret),
            post(url.clone()).secret_header("x-api-key", &secret),
        ] {
            let failure = failure_of(&client(), request).await;
            assert_eq!(failure.kind(), TransportKind::NotPermitted);
        }
    }
}

/// A name may resolve to any address, so names other than localhost are not looked up.
#[tokio::test]
async fn a_prompt_does_not_travel_in_the_clear_to_another_name_or_a_public_address() {
    for host in [
        "nas.local",
        "ip6-localhost",
        "localhost.localdomain",
        "192.0.2.1",
    ] {
        let url: Url = format!("http://{host}/v1").parse().unwrap();
        let failure = failure_of(&client(), post(url)).await;
        assert_eq!(failure.kind(), TransportKind::NotPermitted, "{host}");
        assert!(!failure.was_sent());
    }
}

/// `localhost` and its subdomains are loopback whatever the hosts file says. The test server's
/// certificate is for `localhost` only.
#[tokio::test]
async fn the_names_of_this_machine_lead_to_this_machine() {
    let server = RawServer::always(Reply::json(200, "{}"));
    for name in ["localhost", "LOCALHOST", "localhost.", "any.name.localhost"] {
        let url: Url = format!("http://{name}:{}/v1", server.port())
            .parse()
            .unwrap();
        let secret = BoundSecret::new("fake-token".into(), vec![Origin::of(&url)]);
        let request = post(url.clone()).bearer(&secret);
        let response = client().send(&permit_for(&url), request).await.unwrap();
        assert_eq!(response.status, 200, "{name}");
    }
    assert_eq!(server.heads(), 4);
}

#[tokio::test]
async fn a_secret_that_no_header_can_carry_is_refused() {
    let server = RawServer::always(Reply::status(200));
    for value in [
        "",
        "fake\ntoken",
        "fake\r\nx-injected: 1",
        "fäke",
        "fake token",
        "\u{feff}fake",
    ] {
        let secret = BoundSecret::new(value.into(), vec![server.origin()]);
        let request = post(server.url("/")).bearer(&secret);
        let permit = permit_for(&server.url("/"));
        let failure = client().send(&permit, request).await.unwrap_err();
        assert_eq!(failure.kind(), TransportKind::InvalidSecret, "{value:?}");
        assert!(!format!("{failure:?}").contains("ke\\"), "{failure:?}");
    }
    assert!(untouched(&server));
}

#[tokio::test]
async fn headers_that_cannot_be_sent_are_an_internal_failure() {
    let server = RawServer::always(Reply::status(200));
    let permit = permit_for(&server.url("/"));
    for (name, value) in [("bad name", "x"), ("x", "a\r\ny: b")] {
        let request = get(server.url("/")).header(name, value);
        let failure = client().send(&permit, request).await.unwrap_err();
        assert_eq!(failure.kind(), TransportKind::Internal);
    }
    let bad_agent = HttpClient::new(HttpConfig {
        user_agent: "a\nb".to_owned(),
        ..config()
    });
    let failure = bad_agent
        .send(&permit, get(server.url("/")))
        .await
        .unwrap_err();
    assert_eq!(failure.kind(), TransportKind::Internal);
    assert!(untouched(&server));
}

#[tokio::test]
async fn a_closed_port_refuses() {
    let closed = ClosedPort::new();
    for scheme in ["http", "https"] {
        let url: Url = format!("{scheme}://127.0.0.1:{}/v1", closed.port())
            .parse()
            .unwrap();
        let failure = failure_of(&client(), post(url)).await;
        assert_eq!(failure.kind(), TransportKind::Refused, "{failure:?}");
        assert!(!failure.was_sent());
    }
}

/// A label of 64 bytes is never looked up, so this needs no name server (RFC 1035, 2.3.4).
#[tokio::test]
async fn a_name_that_does_not_resolve_is_told_apart() {
    let url: Url = format!("https://{}.invalid/v1", "a".repeat(64))
        .parse()
        .unwrap();
    let failure = failure_of(&client(), post(url)).await;
    assert_eq!(failure.kind(), TransportKind::Dns, "{failure:?}");
    assert!(!failure.was_sent());
}
