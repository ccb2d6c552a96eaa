//! Proves that the instrument detects a second request: an ordinary client makes one.

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use synapse_testkit::raw::{End, RawServer, Reply};

/// Default reqwest. It needs a TLS configuration because this build has no default; the proxy is
/// disabled because a developer's machine may set one.
#[expect(
    clippy::disallowed_methods,
    reason = "the control must be the client that the product must not use"
)]
fn ordinary_client() -> reqwest::Client {
    let tls = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .build()
        .unwrap()
}

#[tokio::test]
async fn an_ordinary_client_sends_the_prompt_again_to_the_target_of_a_307() {
    let elsewhere = RawServer::always(Reply::status(200));
    let reply = Reply::status(307).header("location", elsewhere.url("/").as_str());
    let server = RawServer::always(reply);
    let answer = ordinary_client()
        .post(server.url("/"))
        .body("a prompt")
        .send()
        .await;
    assert_eq!(answer.unwrap().status(), 200);
    assert_eq!((server.heads(), elsewhere.heads()), (1, 1));
    assert_eq!(elsewhere.only_request().body, b"a prompt");
}

#[tokio::test]
async fn an_ordinary_client_reuses_connections_that_a_hostile_server_then_closes() {
    let server = RawServer::start(|request| match request.sequence {
        0..3 => Reply::json(200, "{}"),
        _ => Reply::silent(End::Close),
    });
    let client = ordinary_client();
    let mut failures = 0;
    for _ in 0..400 {
        let answer = client.post(server.url("/")).body("{}").send().await;
        failures += u32::from(answer.is_err());
    }
    assert!(server.accepts() < 400, "{} connections", server.accepts());
    assert!(failures > 0, "no call died on a connection that was reused");
}
