//! Streamable HTTP with a modern server: requests and answers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use synapse_core::Failure;
use synapse_core::error::Code;
use synapse_core::secret::BoundSecret;
use synapse_hub::transport::BearerSource;
use synapse_mcp::ProtocolRevision;
use synapse_mcp::client::{CallError, Conversation as _, Eras, MayHaveRun, Negotiation};
use synapse_mcp::host::ProgressReporter;
use synapse_testkit::raw::{End, RawServer, Reply};

use crate::support::{call, events, http, methods, modern, object, open, unopened};

/// A header value of the last request.
fn sent(server: &RawServer, name: &str) -> Option<String> {
    let requests = server.requests();
    let head = &requests.last().unwrap().head;
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.trim().to_owned())
}

#[tokio::test]
async fn a_call_is_one_post_that_says_what_it_is() {
    let server = modern(|_| None);
    let conversation = open(&server, Eras::Both).await;
    assert_eq!(conversation.hello().revision, ProtocolRevision::V2026_07_28);
    assert_eq!(conversation.hello().negotiation, Negotiation::Discovered);
    let mut outgoing = call("wörk", json!({"region": "eu", "other": 1}));
    outgoing.input_schema = Some(json!({"type": "object", "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"}}}));
    conversation.request(outgoing).await.unwrap();
    assert_eq!(methods(&server), ["server/discover", "tools/call"]);
    for (name, expected) in [
        ("mcp-protocol-version", Some("2026-07-28")),
        ("mcp-method", Some("tools/call")),
        ("mcp-name", Some("=?base64?d8O2cms=?=")),
        ("mcp-param-region", Some("eu")),
        ("accept", Some("application/json, text/event-stream")),
        ("content-type", Some("application/json")),
        ("mcp-session-id", None),
        ("authorization", None),
    ] {
        assert_eq!(sent(&server, name).as_deref(), expected, "{name}");
    }
    conversation.close().await;
    assert_eq!(server.accepts(), 2, "closing says nothing");
}

#[tokio::test]
async fn a_stream_brings_what_is_reported_before_the_answer() {
    let server = modern(|posted| {
        if posted.method != "tools/call" {
            return None;
        }
        let token = posted.id.clone();
        let progress = json!({"jsonrpc": "2.0", "method": "notifications/progress",
                              "params": {"progressToken": token, "progress": 1}});
        let another = json!({"jsonrpc": "2.0", "id": 999, "result": {"wrong": true}});
        let body = events(&[progress, another, posted.message(json!({"right": true}))]);
        Some(
            Reply::typed(200, "text/event-stream; charset=utf-8", body)
                .chunked_unfinished()
                .then(End::Hang),
        )
    });
    let conversation = open(&server, Eras::Both).await;
    let reports: Arc<Mutex<Vec<Value>>> = Arc::default();
    let sink = Arc::clone(&reports);
    let mut outgoing = call("t", json!({}));
    outgoing.progress = Some(ProgressReporter::new(json!("mine"), move |params| {
        sink.lock().unwrap().push(Value::Object(params));
    }));
    let result = conversation.request(outgoing).await.unwrap();
    assert_eq!(result["right"], true);
    assert_eq!(
        *reports.lock().unwrap(),
        [json!({"progress": 1, "progressToken": "mine"})]
    );
}

#[tokio::test]
async fn giving_up_closes_the_stream_and_sends_nothing() {
    let server = modern(|posted| {
        let hang = Reply::typed(200, "text/event-stream", ": wait\n\n").chunked_unfinished();
        (posted.method == "tools/call").then(|| hang.then(End::Hang))
    });
    let conversation = Arc::new(open(&server, Eras::Both).await);
    let request = tokio::spawn({
        let conversation = Arc::clone(&conversation);
        async move { conversation.request(call("t", json!({}))).await }
    });
    let requests = || server.requests().len();
    crate::support::until("the request arrives", || requests() == 2).await;
    request.abort();
    drop(request.await);
    let server = tokio::task::spawn_blocking(move || {
        server.wait_for_closed(2);
        server
    });
    assert_eq!(server.await.unwrap().accepts(), 2);
}

#[tokio::test]
async fn patience_runs_while_the_server_only_keeps_the_line_warm() {
    let server = modern(|posted| {
        let body = ": warm\n\n".repeat(1000);
        let slow = Reply::typed(200, "text/event-stream", body).dripping(Duration::from_millis(20));
        (posted.method == "tools/call").then_some(slow)
    });
    let conversation = open(&server, Eras::Both).await;
    let mut outgoing = call("t", json!({}));
    outgoing.patience = Duration::from_millis(300);
    let outcome = conversation.request(outgoing).await;
    assert!(
        matches!(outcome, Err(CallError::Timeout { .. })),
        "{outcome:?}"
    );
}

/// Returns a new token each time.
#[derive(Debug)]
struct Tokens {
    given: AtomicUsize,
    origin: synapse_core::Origin,
}

#[async_trait]
impl BearerSource for Tokens {
    async fn authorization(&self) -> Result<Option<Arc<BoundSecret>>, Failure> {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        if number == 2 {
            return Err(Failure::new(Code::InternalInvariant, "no token"));
        }
        let token = format!("fake-{number}").into();
        Ok(Some(Arc::new(BoundSecret::new(
            token,
            vec![self.origin.clone()],
        ))))
    }
}

#[tokio::test]
async fn each_request_asks_for_its_token() {
    let server = modern(|_| None);
    let mut entry = http(server.url("/mcp"), Eras::Both);
    entry.credentials = Some(Arc::new(Tokens {
        given: AtomicUsize::new(0),
        origin: server.origin(),
    }));
    let conversation = entry.open().await.unwrap();
    assert_eq!(
        sent(&server, "authorization").as_deref(),
        Some("Bearer fake-0")
    );
    conversation.request(call("t", json!({}))).await.unwrap();
    assert_eq!(
        sent(&server, "authorization").as_deref(),
        Some("Bearer fake-1")
    );
    let outcome = conversation.request(call("t", json!({}))).await;
    let Err(CallError::Carrier {
        source,
        may_have_run,
    }) = outcome
    else {
        panic!("{outcome:?}");
    };
    assert_eq!(may_have_run, MayHaveRun::No);
    assert!(source.downcast_ref::<Failure>().is_some());
    assert_eq!(server.accepts(), 2, "without a token nothing is sent");
}

#[tokio::test]
async fn configured_headers_are_sent_and_an_authorization_of_theirs_is_the_only_one() {
    let server = modern(|_| None);
    let mut entry = http(server.url("/mcp"), Eras::Both);
    entry.headers = vec![("X-Plain".to_owned(), "1".to_owned())];
    let secret = BoundSecret::new("Bearer fake-of-file".into(), vec![server.origin()]);
    entry.secret_headers = vec![("Authorization".to_owned(), Arc::new(secret))];
    entry.credentials = Some(Arc::new(Tokens {
        given: AtomicUsize::new(2),
        origin: server.origin(),
    }));
    entry.open().await.unwrap();
    assert_eq!(sent(&server, "x-plain").as_deref(), Some("1"));
    assert_eq!(
        sent(&server, "authorization").as_deref(),
        Some("Bearer fake-of-file")
    );
}

#[tokio::test]
async fn a_secret_of_another_origin_is_not_sent() {
    let (server, other) = (modern(|_| None), modern(|_| None));
    let mut entry = http(server.url("/mcp"), Eras::Both);
    let secret = BoundSecret::new("fake".into(), vec![other.origin()]);
    entry.secret_headers = vec![("x-key".to_owned(), Arc::new(secret))];
    let error = entry.open().await.unwrap_err();
    assert!(matches!(
        error,
        CallError::Carrier {
            may_have_run: MayHaveRun::No,
            ..
        }
    ));
    assert_eq!(server.accepts(), 0);
}

#[tokio::test]
async fn a_revision_refused_and_named_is_asked_for_once_more() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let server = modern(move |posted| {
        if posted.method != "server/discover" || count.fetch_add(1, Ordering::Relaxed) > 0 {
            return None;
        }
        let error = json!({"code": -32022, "message": "no", "data": {"supported": ["2026-07-28"]}});
        let message = json!({"jsonrpc": "2.0", "id": posted.id, "error": error});
        Some(Reply::json(400, message.to_string()))
    });
    let conversation = open(&server, Eras::Both).await;
    assert_eq!(conversation.hello().revision, ProtocolRevision::V2026_07_28);
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

/// Authentication, limits and outages do not indicate another era.
#[tokio::test]
async fn what_refuses_the_client_refuses_it_at_the_probe() {
    for status in [401, 403, 429, 502, 503, 301, 307] {
        let reply = Reply::typed(status, "text/plain", "no").header("www-authenticate", "Bearer");
        let server = RawServer::always(reply);
        let error = unopened(&server, Eras::Both).await;
        let CallError::Http {
            status: got,
            headers,
            body,
        } = error
        else {
            panic!("{status}: {error:?}");
        };
        assert_eq!((got, body.as_str()), (status, "no"));
        assert!(headers.contains(&("www-authenticate".to_owned(), "Bearer".to_owned())));
        assert_eq!(server.accepts(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_web_page_is_no_server() {
    let server = RawServer::always(Reply::typed(200, "text/html", "<html>".repeat(1000)));
    let error = unopened(&server, Eras::Both).await;
    let CallError::Http {
        status: 200,
        headers,
        body,
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(
        headers,
        [("content-type".to_owned(), "text/html".to_owned())]
    );
    assert_eq!(body.len(), 2048);
}

#[tokio::test]
async fn nothing_listens() {
    let port = synapse_testkit::raw::ClosedPort::new();
    let url = format!("http://127.0.0.1:{}/mcp", port.port())
        .parse()
        .unwrap();
    let error = http(url, Eras::Both).open().await.unwrap_err();
    let CallError::Carrier {
        source,
        may_have_run,
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(may_have_run, MayHaveRun::No);
    let failure = source
        .downcast_ref::<synapse_http::TransportFailure>()
        .unwrap();
    assert_eq!(failure.kind(), synapse_http::TransportKind::Refused);
}

#[tokio::test]
async fn a_pinned_modern_server_hears_no_initialize() {
    let server = RawServer::always(Reply::typed(404, "text/plain", "no"));
    unopened(&server, Eras::Modern).await;
    assert_eq!(methods(&server), ["server/discover"]);
    drop(object(json!({})));
}
