//! The reported code, message, causes, hints and context, which never contain a secret.

use std::error::Error;

use synapse_core::secret::BoundSecret;
use synapse_core::{Code, Failure};
use synapse_http::{HttpClient, HttpConfig, HttpRequest, TransportFailure};
use synapse_testkit::raw::{ClosedPort, End, RawServer, Reply};
use synapse_testkit::tls::{Flaw, TlsIdentity};

use crate::support::{
    BRIEF, client, client_trusting, config, failure_of, permit, permit_for, post, proxy,
    secret_for, within,
};

fn hints(failure: &Failure) -> Vec<&str> {
    failure
        .hints()
        .iter()
        .map(|hint| hint.text.as_str())
        .collect()
}

#[tokio::test]
async fn a_timeout_names_host_and_seconds_and_warns_of_the_bill() {
    let server = RawServer::always(Reply::silent(End::Hang));
    let url = server.url("/v1/chat");
    let host = format!("127.0.0.1:{}", server.port());
    let failure = failure_of(&client(), within(post(url), BRIEF)).await;
    let shown: Failure = failure.into();
    assert_eq!(shown.code(), Code::TransportResponseTimeout);
    assert_eq!(
        shown.message(),
        format!("no complete answer from {host} within 1 s")
    );
    assert_eq!(
        shown.causes()[0],
        "the provider may have processed and billed this request"
    );
    assert_eq!(
        hints(&shown),
        ["raise the timeout of the connection, or ask for less",]
    );
    assert_eq!(shown.context()["host"], host);
    assert_eq!(shown.context()["maybe_billed"], "true");
}

#[tokio::test]
async fn a_refused_connection_says_that_nothing_was_sent() {
    let closed = ClosedPort::new();
    let url: url::Url = format!("http://127.0.0.1:{}/v1", closed.port())
        .parse()
        .unwrap();
    let shown = failure_of(&client(), post(url)).await.to_failure();
    assert_eq!(shown.code(), Code::TransportRefused);
    assert_eq!(
        shown.message(),
        format!("nothing listens at 127.0.0.1:{}", closed.port())
    );
    assert_eq!(
        shown.causes(),
        ["nothing was sent", "Connection refused (os error 111)"]
    );
    assert_eq!(shown.context()["maybe_billed"], "false");
}

#[tokio::test]
async fn a_failure_behind_a_proxy_names_the_proxy() {
    let server = RawServer::always(Reply::status(407));
    let client = HttpClient::new(HttpConfig {
        proxy: proxy(server.url("/").as_str()),
        ..config()
    });
    let url: url::Url = "https://api.example.invalid/v1".parse().unwrap();
    let shown = failure_of(&client, post(url)).await.to_failure();
    assert_eq!(shown.code(), Code::TransportProxy);
    assert_eq!(
        shown.message(),
        "the proxy asks for credentials before it connects to api.example.invalid"
    );
    assert_eq!(
        shown.causes()[1],
        format!(
            "the connection goes through the proxy http://127.0.0.1:{}/",
            server.port()
        )
    );
}

#[tokio::test]
async fn each_answer_that_is_none_has_its_code() {
    let json = || Reply::json(200, "{").claiming(9);
    for (reply, code) in [
        (Reply::silent(End::Close), Code::TransportInterrupted),
        (json().then(End::Close), Code::TransportInterrupted),
        (Reply::raw("nonsense\r\n\r\n"), Code::EndpointNotAnApi),
        (
            Reply::json(200, "x".repeat(9 << 20)),
            Code::ProviderBadResponse,
        ),
    ] {
        let server = RawServer::always(reply);
        let url = server.url("/");
        let failure = failure_of(&client(), post(url)).await;
        let shown = failure.to_failure();
        assert_eq!(shown.code(), code, "{shown:?}");
        assert_eq!(
            shown.context().get("http_status"),
            failure.status().map(|_| "200".to_owned()).as_ref()
        );
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_says_what_to_do() {
    let server = RawServer::start_tls(&TlsIdentity::new(Flaw::None), |_| Reply::status(200));
    let url = server.url("/");
    let failure = failure_of(&client_trusting(&TlsIdentity::new(Flaw::None)), post(url)).await;
    let shown = failure.to_failure();
    assert_eq!(shown.code(), Code::TransportTls);
    assert_eq!(
        shown.causes(),
        [
            "nothing was sent",
            "invalid peer certificate: UnknownIssuer"
        ]
    );
    assert!(hints(&shown)[1].contains("SSL_CERT_FILE"));
}

/// Everything private in a request and its answer.
const PRIVATE: [&str; 5] = [
    "fake-token",
    "private-query",
    "private-header",
    "private-body",
    "private-answer",
];

fn private_request<'a>(server: &RawServer, secret: &'a BoundSecret) -> HttpRequest<'a> {
    post(server.url("/v1/chat?key=private-query"))
        .header("x-private", "private-header")
        .bearer(secret)
        .json(b"{\"a\":\"private-body\"}".to_vec())
}

fn everything_shown(failure: &TransportFailure) -> String {
    let mut shown = format!("{failure} {failure:?} {:?}", failure.to_failure());
    let mut source = failure.source();
    while let Some(error) = source {
        shown.push_str(&format!("{error} {error:?}"));
        source = error.source();
    }
    shown
}

#[tokio::test]
async fn nothing_private_is_shown_anywhere() {
    let answer =
        || Reply::json(200, "\"private-answer\"").header("x-echo", "private-answer fake-token");
    for reply in [
        Reply::silent(End::Close),
        Reply::silent(End::Reset),
        Reply::silent(End::Hang),
        Reply::raw("private-answer fake-token\r\n\r\n"),
        answer().claiming(999).then(End::Close),
        answer().chunked_unfinished().then(End::Close),
        Reply::raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nprivate-answer\r\n"),
    ] {
        let server = RawServer::always(reply);
        let secret = secret_for(&server);
        let request = within(private_request(&server, &secret), BRIEF);
        let mut shown = format!("{request:?}");
        let permit = permit_for(&server.url("/"));
        let failure = client().send(&permit, request).await.unwrap_err();
        shown.push_str(&everything_shown(&failure));
        for private in PRIVATE {
            assert!(!shown.contains(private), "{private} in {shown}");
        }
    }
    // A refusal that never reached reqwest, and a complete response.
    let server = RawServer::always(answer());
    let secret = secret_for(&server);
    let request = private_request(&server, &secret);
    let refused = client()
        .send(&permit([]), request.clone())
        .await
        .unwrap_err();
    let response = client()
        .send(&permit_for(&server.url("/")), request)
        .await
        .unwrap();
    let shown = format!("{} {response:?}", everything_shown(&refused));
    for private in PRIVATE {
        assert!(!shown.contains(private), "{private} in {shown}");
    }
}
